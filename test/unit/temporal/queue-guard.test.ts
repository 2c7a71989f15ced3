import type { Client } from '@temporalio/client';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { Instance } from '../../../src/domain/instance.ts';
import { QueueGuard, storeOf, workerIdentity } from '../../../src/temporal/queue-guard.ts';
import type { StoreKey } from '../../../src/store/identity.ts';
import { isUsageFailure } from '../../../src/domain/errors.ts';

const [ours, theirs] = ['1', '2'].map((end) => ({ id: `7b4c1f9e-0000-4000-8000-00000000000${end}`, copy: null })) as [
  StoreKey,
  StoreKey,
];
/** Copies of our store. */
const [copy, otherCopy] = ['3', '4'].map((end) => ({ ...ours, copy: `7b4c1f9e-0000-4000-8000-00000000000${end}` })) as [
  StoreKey,
  StoreKey,
];

/** A server that knows pollers of a queue, by how many seconds ago they asked. */
function serverWith(pollers: Readonly<Record<string, number>>, queue = 'daybook'): Client {
  const describeTaskQueue = async ({ taskQueue }: { taskQueue: { name: string } }) => ({
    pollers: Object.entries(taskQueue.name === queue ? pollers : {}).map(([identity, ago]) => ({
      identity,
      lastAccessTime: { seconds: Date.now() / 1000 - ago },
    })),
  });
  return { options: { namespace: 'default' }, workflowService: { describeTaskQueue } } as unknown as Client;
}

const check = (client: Client, store: StoreKey | null = ours, instance = new Instance()) =>
  new QueueGuard(client, instance, store).check();

afterEach(() => void vi.useRealTimers());

describe('a worker', () => {
  test('says its store in its identity, where that is known', () => {
    expect(workerIdentity(ours)).toMatch(new RegExp(`^${process.pid}@.+/[0-9a-f]{8}/store-${ours.id}$`));
    expect(workerIdentity(copy)).toMatch(new RegExp(`/store-${ours.id}/copy-${copy.copy}$`));
    expect(storeOf(workerIdentity(copy))).toEqual(copy);
    expect(workerIdentity(null)).toMatch(/\/[0-9a-f]{8}$/);
  });

  test('refuses to poll beside one of another store: wrong usage, with what to do', async () => {
    const error = await check(serverWith({ [workerIdentity(theirs)]: 30 })).catch((caught: unknown) => caught);
    expect(error).toMatchObject({
      type: 'QueueInUse',
      message: expect.stringMatching(/task queue "daybook" of namespace default.*DAYBOOK_INSTANCE=/) as string,
    });
    expect(isUsageFailure(error as never)).toBe(true);
  });

  test.each([
    ['of the same store', serverWith({ [workerIdentity(ours)]: 1 })],
    ['of the same copy', serverWith({ [workerIdentity(copy)]: 1 }), copy],
    ['that has not asked for longer than a poll lasts', serverWith({ [workerIdentity(theirs)]: 71 })],
    ['of 0.2.0, which does not tell its store', serverWith({ '4711@host/1f0e6a55': 1 })],
    ['of another instance', serverWith({ [workerIdentity(theirs)]: 1 }, 'daybook-lab')],
  ])('polls beside one %s', async (_, client, store: StoreKey = ours) => {
    await expect(check(client, store)).resolves.toBeUndefined();
  });

  test.each([
    ['a copy of this store', ours, copy],
    ['the store that this one is a copy of', copy, ours],
    ['another copy of this store', copy, otherCopy],
  ])('refuses to poll beside one on %s', async (which, own, other) => {
    const error = await check(serverWith({ [workerIdentity(other)]: 1 }), own).catch((caught: unknown) => caught);
    expect(error).toMatchObject({
      type: 'QueueInUse',
      message: expect.stringMatching(
        new RegExp(`on ${which} polls the task queue "daybook" .*set DAYBOOK_STORE .* to the same store for all`),
      ) as string,
    });
  });

  test('that has not been paired yet looks for those on copies only', async () => {
    const guard = (other: StoreKey) => new QueueGuard(serverWith({ [workerIdentity(other)]: 1 }), new Instance(), ours);
    await expect(guard(theirs).check('copies')).resolves.toBeUndefined();
    await expect(guard(copy).check('copies')).rejects.toThrow(/on a copy of this store/);
  });

  test('notices a moment after its start that one on a copy has started at the same time', async () => {
    vi.useFakeTimers();
    const pollers: Record<string, number> = {};
    const guard = new QueueGuard(serverWith(pollers), new Instance(), ours);
    await guard.check();
    const onTaken = vi.fn<() => void>();
    guard.checkLater(onTaken);
    pollers[workerIdentity(copy)] = 1;
    await vi.advanceTimersByTimeAsync(6_000);
    expect(onTaken).toHaveBeenCalledOnce();
    expect(() => guard.throwIfTaken()).toThrow(/on a copy of this store polls the task queue/);
  });

  test('starts if its store cannot be read, or the server does not name the pollers', async () => {
    await expect(check(serverWith({ [workerIdentity(theirs)]: 1 }), null)).resolves.toBeUndefined();
    const busy = { options: {}, workflowService: { describeTaskQueue: () => Promise.reject(new Error('busy')) } };
    await expect(check(busy as unknown as Client)).resolves.toBeUndefined();
  });
});
