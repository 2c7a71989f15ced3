import { rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestWorker } from '../support/test-worker.ts';
import { mountSmallDisk, type SmallDisk } from '../support/servers/small-disk.ts';
import { until } from '../support/until.ts';

let testWorker: TestWorker;
let disk: SmallDisk | null;

beforeAll(async () => {
  testWorker = await TestWorker.createApart(
    'version: 1\nsources: [{ name: lines, type: file, path: lines.ndjson, id: id, occurred_at: at }]',
  );
  await testWorker.stopWorker();
  disk = mountSmallDisk(testWorker.path('data', 'csv'), '1m');
  await testWorker.startWorker();
});
afterAll(async () => {
  await testWorker.stopWorker();
  disk?.remove();
  await testWorker.close();
});

const lines = (...ids: number[]) =>
  writeFileSync(
    testWorker.path('lines.ndjson'),
    ids.map((id) => `{"id":"${id}","at":"2026-11-01T00:00:00Z"}\n`).join(''),
  );
const keys = () => new Set(testWorker.csv('lines').map((row) => row['source_id'])).size;

test('a full journal only defers its own batches, is named, and receives them once it has space', async ({ skip }) => {
  if (!disk) return skip('may not mount a disk');
  lines(1);
  expect((await testWorker.run('lines')).outcome).toBe('ok');
  disk.fill();
  lines(1, 2);
  const receipt = await testWorker.run('lines');
  expect(receipt).toMatchObject({ outcome: 'deferred', csv: { deferred: 1 }, postgres: { written: 1 } });
  expect((await testWorker.worker?.notReadyReasons())?.join()).toMatch(
    /^the journal \(\S+csv\) cannot be written: ENOSPC: no space left on device$/,
  );
  const metrics = await until('it is measured', async () => {
    const text = (await testWorker.worker?.metrics()) ?? '';
    return text.includes('daybook_alert{name="deferred_csv",source="lines"} 1') ? text : null;
  });
  expect(metrics).toContain('daybook_storage_writable{part="journal"} 0');
  expect(metrics).toContain('daybook_storage_writable{part="store"} 1');
  disk.free();
  await until('it is delivered', () => keys() === 2, 90_000);
  await until('nothing is missing', async () => (await testWorker.worker?.notReadyReasons())?.length === 0);
  rmSync(testWorker.path('lines.ndjson'));
}, 400_000);
