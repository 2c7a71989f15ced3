import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inParallel } from '../../src/domain/in-parallel.ts';
import { initialState } from '../../src/domain/state/source-state.ts';
import { createS3Store, type S3Store } from '../../src/store/s3/s3-store.ts';
import { storePaths } from '../../src/store/paths/paths.ts';
import { LastRuns } from '../../src/store/run/last-runs.ts';
import { writeReceipt } from '../../src/store/run/receipts.ts';
import { changeState, writeState } from '../../src/store/run/states.ts';
import { CliSandbox } from '../support/cli-sandbox.ts';
import { startFaultProxy, type FaultProxy } from '../support/servers/fault-proxy.ts';
import { TestWorker } from '../support/test-worker.ts';
import { aReceipt } from '../unit/domain/a-receipt.ts';
import { server, settingOf } from './s3-setting.ts';
import { allRequests, countsOf, tableOf } from './seen-requests.ts';

/** What a reading of many sources costs at a bucket: see docs/performance.md. */
let proxy: FaultProxy;
let prefix = '';
let testWorker: TestWorker;
let store: S3Store;

const finishedAt = new Date().toISOString();
const state = initialState({ fetchFingerprint: 'f', shapeFingerprint: 's', databaseId: null });
const namesOf = (count: number) => Array.from({ length: count }, (_, n) => `source-${n}`);
const configOf = (count: number) =>
  `version: 1\ndefaults: { schedule: { every: 5m } }\nsources:\n${namesOf(count)
    .map((name) => `  - { name: ${name}, type: file, path: none.ndjson, id: id, occurred_at: at }\n`)
    .join('')}`;

beforeAll(async () => {
  if (server === null) return;
  proxy = await startFaultProxy(server.endpoint);
  const setting = settingOf(server, proxy.endpoint);
  ({ prefix } = setting);
  store = createS3Store({ ...setting, endpoint: server.endpoint });
  const other = new LastRuns({ store, worker: 'other', isConfigured: () => true, onError: () => undefined });
  // The state of one was changed by a command.
  for (const source of namesOf(500)) {
    other.note({
      receipt: aReceipt({ source, finishedAt }),
      state: { ...state, epoch: source === 'source-1' ? 1 : 0 },
    });
  }
  await other.close();
  // What is there in most stores.
  await changeState(store, 'source-1', () => state);
  await store.put(
    storePaths.canaryReport.build({}),
    JSON.stringify({ at: finishedAt, ok: true, workflowId: 'canary', lagMs: 1, error: null, succeededAt: finishedAt }),
  );
  testWorker = await TestWorker.createOnBucket(configOf(200), setting);
});
afterAll(async () => {
  await testWorker?.close();
  await proxy?.close();
});

describe.skipIf(server === null)('readings of many sources', () => {
  test('the metrics of 200 sources take five requests', async () => {
    await testWorker.worker?.metrics();
    await sleep(2_000);
    const from = proxy.seen.length;
    const text = (await testWorker.worker?.metrics()) ?? '';
    const requests = allRequests(proxy.seen.slice(from), prefix);
    expect(text).toContain('daybook_source_health{source="source-199",health="ok"} 1');
    expect(tableOf(requests)).toEqual([
      '1 GET canary',
      '1 GET last-runs',
      '1 LIST',
      '1 LIST last-runs',
      '1 LIST state-epochs',
    ]);
  });

  test('the status of 1,000 sources, half of which no worker has noted, waits for four seconds at most where each request takes 25 ms', async () => {
    await inParallel(namesOf(1_000).slice(500), 32, async (source) => {
      await writeReceipt(store, aReceipt({ source, finishedAt }));
      await writeState(store, source, state);
    });
    writeFileSync(testWorker.path('daybook.yaml'), configOf(1_000));
    // The time of this machine is not judged: it may be busy.
    let [asked, most] = [0, 0];
    const before = async () => {
      most = Math.max(most, ++asked);
      await sleep(25);
      asked--;
    };
    proxy.always(/./, { before, fault: null });
    const from = proxy.seen.length;
    const { stdout, stderr } = await new CliSandbox(testWorker.folder, testWorker.commandVariables()).run([
      'status',
      '--json',
    ]);
    const requests = allRequests(proxy.seen.slice(from), prefix);
    proxy.always(null);
    const { sources } = JSON.parse(stdout) as { sources: { lastReceipt: unknown }[] };
    expect([sources.filter(({ lastReceipt }) => lastReceipt !== null).length, stderr]).toEqual([1_000, '']);
    expect(countsOf(requests).GET).toBeGreaterThan(500);
    expect(requests.length).toBeLessThan(1_600);
    expect((requests.length / most) * 25).toBeLessThan(4_000);
  }, 120_000);
});
