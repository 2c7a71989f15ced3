import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestWorker } from '../../support/test-worker.ts';

const names = Array.from({ length: 20 }, (_, n) => `tuned-${n}`);
let testWorker: TestWorker;

beforeAll(async () => {
  const source = (name: string) => `  - { name: ${name}, type: file, path: lines.ndjson, id: id, occurred_at: at }\n`;
  testWorker = await TestWorker.prepareApart(`version: 1\nsources:\n${names.map(source).join('')}`);
  writeFileSync(testWorker.path('lines.ndjson'), '{"id":1,"at":"2026-11-01T00:00:00Z"}\n');
  // More is in use on any machine.
  testWorker.memoryTarget = 0.001;
  await testWorker.startWorker();
});
afterAll(async () => testWorker.close());

test('a worker that is beyond its share of the memory still does all of its work', async () => {
  const receipts = await Promise.all(names.map((name) => testWorker.run(name)));
  expect(receipts.map(({ outcome }) => outcome)).toEqual(names.map(() => 'ok'));
});
