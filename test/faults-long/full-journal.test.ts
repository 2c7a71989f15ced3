import { readFileSync, rmSync, writeFileSync } from 'node:fs';
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
/** As if the last run had met the full disk for two minutes: a sink gets one attempt then. */
function rememberJournalDown(): void {
  const path = testWorker.path('data', 'state', 'lines.json');
  const state = JSON.parse(readFileSync(path, 'utf8')) as object;
  writeFileSync(path, JSON.stringify({ ...state, sinkDownSince: { csv: '2026-11-01T00:00:00.000Z' } }));
}
const keys = () => new Set(testWorker.csv('lines').map((row) => row['source_id'])).size;

test('a journal that is full for some seconds only costs time: a run waits for it for two minutes', async ({
  skip,
}) => {
  if (!disk) return skip('may not mount a disk');
  lines(1);
  expect((await testWorker.run('lines')).outcome).toBe('ok');
  disk.fill();
  lines(1, 2);
  const handle = await testWorker.start({ source: 'lines' });
  const retry = await until('it tries again', async () => {
    const { events } = await handle.fetchHistory();
    const tried = events?.map(({ activityTaskScheduledEventAttributes: scheduled }) => scheduled);
    return tried?.find((scheduled) => scheduled?.activityType?.name === 'writeCsv')?.retryPolicy;
  });
  // Besides the first attempt: 1 + 2 + 4 + 8 + 16 + 30 + 30 + 30 s.
  expect(retry).toMatchObject({ maximumAttempts: 8, backoffCoefficient: 2 });
  expect([retry.initialInterval, retry.maximumInterval].map((time) => Number(time?.seconds))).toEqual([2, 30]);
  disk.free();
  expect(await handle.result()).toMatchObject({ outcome: 'ok', csv: { written: 1, deferred: 0 } });
});

test('a full journal only defers its own batches, is named, and receives them once it has space', async ({ skip }) => {
  if (!disk) return skip('may not mount a disk');
  rememberJournalDown();
  const small = disk;
  // A probe may give back what its file took.
  await until('it is full', async () => {
    small.fill();
    return ((await testWorker.worker?.notReadyReasons()) ?? []).length > 0;
  });
  lines(1, 2, 3);
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
  await until('it is delivered', () => keys() === 3, 90_000);
  await until('nothing is missing', async () => (await testWorker.worker?.notReadyReasons())?.length === 0);
  rmSync(testWorker.path('lines.ndjson'));
}, 400_000);
