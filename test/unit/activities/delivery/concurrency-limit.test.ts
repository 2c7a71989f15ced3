import { expect, test } from 'vitest';
import { ConcurrencyLimit } from '../../../../src/activities/delivery/concurrency-limit.ts';
import { WorkerBusy } from '../../../../src/domain/errors.ts';
import { createLatch } from '../../../support/latch.ts';

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
