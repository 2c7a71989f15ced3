import { expect, test, vi } from 'vitest';
import { ConcurrencyLimit } from '../../../../src/activities/delivery/concurrency-limit.ts';
import { WorkerBusy } from '../../../../src/domain/errors.ts';
import { createLatch } from '../../../support/latch.ts';

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

test('work beyond the concurrency limit is retried later instead of waiting', async () => {
  const places = new ConcurrencyLimit(2);
  const latch = createLatch();
  const held = [places.run('work', () => latch.opened), places.run('work', () => latch.opened)];
  const refused = await places.run('work', () => latch.opened).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(WorkerBusy);
  expect((refused as WorkerBusy).message).toBe('work: 2 others run on this worker; waiting for a slot');
  expect((refused as WorkerBusy).retryAfterMs).toBeGreaterThanOrEqual(3_000);
  expect((refused as WorkerBusy).retryAfterMs).toBeLessThanOrEqual(15_000);
  latch.open();
  await Promise.all(held);
  await expect(places.run('work', () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  expect(await places.run('work', () => Promise.resolve(7))).toBe(7);
});

test('many that come at once are spread over the time that they take, and each soon has its turn', async () => {
  vi.useFakeTimers();
  try {
    const [count, many, workMs] = [3, 300, 1_000];
    const places = new ConcurrencyLimit(count);
    let attempts = 0;
    let done = 0;
    let doneAt = 0;
    const deliver = async (): Promise<void> => {
      for (;;) {
        attempts++;
        try {
          await places.run('work', () => sleep(workMs));
          done++;
          doneAt = Date.now();
          return;
        } catch (error) {
          await sleep((error as WorkerBusy).retryAfterMs ?? 0);
        }
      }
    };
    const startedAt = Date.now();
    const all = Promise.all(Array.from({ length: many }, deliver));
    await vi.runAllTimersAsync();
    await all;
    expect(done).toBe(many);
    // Without a queue there are about 2,000.
    expect(attempts).toBeLessThan(1_500);
    expect(doneAt - startedAt).toBeLessThan((many / count) * workMs * 2);
  } finally {
    vi.useRealTimers();
  }
});
