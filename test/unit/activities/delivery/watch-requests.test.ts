import { expect, test } from 'vitest';
import { WatchRequests } from '../../../../src/activities/delivery/watch-requests.ts';

test('many requests at once are one signal, and each is answered by a signal that is younger', async () => {
  const requests = new WatchRequests();
  const sent: number[] = [];
  const send = async () => void sent.push(performance.now());
  await Promise.all(Array.from({ length: 100 }, () => requests.request('postgres', send)));
  expect(sent).toHaveLength(1);
  const later = Array.from({ length: 100 }, async () => {
    const askedAt = performance.now();
    await requests.request('postgres', send);
    return sent.some((sentAt) => sentAt >= askedAt);
  });
  expect(await Promise.all(later)).not.toContain(false);
  expect(sent).toHaveLength(2);
  expect((sent[1] ?? 0) - (sent[0] ?? 0)).toBeGreaterThanOrEqual(950);
});

test('the other sink does not wait', async () => {
  const requests = new WatchRequests();
  const startedMs = performance.now();
  await requests.request('postgres', async () => {});
  await requests.request('csv', async () => {});
  expect(performance.now() - startedMs).toBeLessThan(900);
});

test('a signal that cannot be sent fails those that wait for it, and the next request sends another', async () => {
  const requests = new WatchRequests();
  const failing = Array.from({ length: 3 }, () =>
    requests.request('csv', () => Promise.reject(new Error('no connection'))),
  );
  const outcomes = await Promise.allSettled(failing);
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  let sent = 0;
  await requests.request('csv', async () => void sent++);
  expect(sent).toBe(1);
});
