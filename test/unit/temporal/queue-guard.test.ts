import type { Client } from '@temporalio/client';
import { describe, expect, test } from 'vitest';
import { Instance } from '../../../src/domain/instance.ts';
import { QueueGuard, workerIdentity } from '../../../src/temporal/queue-guard.ts';
import { isUsageFailure } from '../../../src/domain/errors.ts';

const [ours, theirs] = ['7b4c1f9e-0000-4000-8000-000000000001', '7b4c1f9e-0000-4000-8000-000000000002'];

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

const check = (client: Client, storeId: string | null = ours, instance = new Instance()) =>
  new QueueGuard(client, instance, storeId).check();

describe('a worker', () => {
  test('says its store in its identity, where that is known', () => {
    expect(workerIdentity(ours)).toMatch(new RegExp(`^${process.pid}@.+/[0-9a-f]{8}/store-${ours}$`));
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
    ['that has not asked for longer than a poll lasts', serverWith({ [workerIdentity(theirs)]: 71 })],
    ['of 0.2.0, which does not tell its store', serverWith({ '4711@host/1f0e6a55': 1 })],
    ['of another instance', serverWith({ [workerIdentity(theirs)]: 1 }, 'daybook-lab')],
  ])('polls beside one %s', async (_, client) => {
    await expect(check(client)).resolves.toBeUndefined();
  });

  test('starts if its store cannot be read, or the server does not name the pollers', async () => {
    await expect(check(serverWith({ [workerIdentity(theirs)]: 1 }), null)).resolves.toBeUndefined();
    const busy = { options: {}, workflowService: { describeTaskQueue: () => Promise.reject(new Error('busy')) } };
    await expect(check(busy as unknown as Client)).resolves.toBeUndefined();
  });
});
