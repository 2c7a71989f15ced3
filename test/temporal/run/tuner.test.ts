import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { startOrigin, type Origin } from '../../support/servers/origin.ts';
import { TestWorker } from '../../support/test-worker.ts';

const names = Array.from({ length: 60 }, (_, n) => `slow-${n}`);
let origin: Origin;
let testWorker: TestWorker;
afterEach(async () => {
  await testWorker.close();
  await origin.close();
});

test('a worker beyond its share of the memory takes few activities at once, and still does all of its work', async () => {
  let open = 0;
  let most = 0;
  origin = await startOrigin(async (_url, response) => {
    most = Math.max(most, ++open);
    await sleep(300);
    open--;
    response.end('[{"id":1,"at":"2026-11-01T00:00:00Z"}]');
  });
  const source = (name: string) =>
    `  - { name: ${name}, type: http_json, url: "${origin.url}/${name}", allow_private: true, id: id, occurred_at: at }\n`;
  testWorker = await TestWorker.prepareApart(`version: 1\nsources:\n${names.map(source).join('')}`);
  // More is in use on any machine.
  testWorker.memoryTarget = 0.001;
  await testWorker.startWorker();
  const receipts = await Promise.all(names.map((name) => testWorker.run(name)));
  expect(new Set(receipts.map(({ outcome }) => outcome))).toEqual(new Set(['ok']));
  expect(most).toBeGreaterThan(1);
  expect(most).toBeLessThanOrEqual(20);
});
