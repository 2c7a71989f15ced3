import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ExportApi } from '../../support/servers/export-api.ts';
import { startOrigin, type Origin } from '../../support/servers/origin.ts';
import { TestWorker } from '../../support/test-worker.ts';
import { startTemporalServer, type TestServer } from '../../support/servers/temporal-server.ts';
import type { Progress } from '../../../src/workflows/messages.ts';
import { until } from '../../support/until.ts';

let origin: Origin;
let api: ExportApi;
let server: TestServer;
let testWorker: TestWorker;

beforeAll(async () => {
  // After 20 events instead of 4,096: a few batches.
  server = await startTemporalServer(['limit.historyCount.suggestContinueAsNew=20']);
  origin = await startOrigin((url, response) => {
    const since = url.searchParams.get('since') ?? '';
    response.end(JSON.stringify([{ id: since, at: since }]));
  });
  api = await ExportApi.start();
  const exportApi = `${api.api.url}/exports`;
  testWorker = await TestWorker.create(
    `version: 1
sources:
  - { name: long, type: file, path: long.ndjson, id: id, occurred_at: at }
  - { name: hours, type: http_json, url: "${origin.url}/hours", allow_private: true, id: id, occurred_at: at,
      incremental: { cursor: at, start_param: since, end_param: until } }
  - { name: orders, type: http_json, allow_private: true, id: id, occurred_at: at, export: {
      submit: { url: "${exportApi}", body: {}, job: id }, cancel: { url: "${exportApi}/\${job}" },
      status: { url: "${exportApi}/\${job}", done_when: "status == 'done'", every: 1s },
      download: { url: "\${status:result.urls}" } } }
`,
    {},
    server.address,
  );
});
afterAll(async () => {
  await testWorker?.close();
  await origin?.close();
  await api?.close();
  await server?.stop();
});

/** How many events each of a workflow's histories has. */
async function historyLengths(workflowId: string): Promise<number[]> {
  const lengths: number[] = [];
  for await (const run of testWorker.client.workflow.list({ query: `WorkflowId = '${workflowId}'` })) {
    if (['CONTINUED_AS_NEW', 'COMPLETED'].includes(run.status.name)) lengths.push(run.historyLength ?? Infinity);
  }
  return lengths;
}

test('a long run continues as new, with its counts, position and pause, and ends as one', async () => {
  const lines = Array.from({ length: 30_000 }, (_, n) => `{"id":${n},"at":"2026-11-01T00:00:00Z"}\n`);
  writeFileSync(testWorker.path('long.ndjson'), lines.join(''));
  const handle = await testWorker.client.workflow.signalWithStart('scrapeRun', {
    workflowId: `scrape-long-${testWorker.taskQueue}`,
    taskQueue: testWorker.taskQueue,
    args: [{ source: 'long' }],
    signal: 'pause',
    signalArgs: [{ reason: 'first' }],
  });
  expect((await handle.query<Progress>('progress')).paused?.reason).toBe('first');
  await handle.signal('resume');
  const receipt = await testWorker.client.workflow.getHandle(handle.workflowId).result();
  expect(receipt).toMatchObject({ outcome: 'ok', fetched: 30_000, batches: 6, postgres: { written: 30_000 } });
  // The server lists a history a moment after it has ended.
  await until('three histories are listed', async () => (await historyLengths(handle.workflowId)).length > 2);
  expect(await testWorker.database.count('select count(*) from raw_events')).toBe(30_000);
  expect(new Set(testWorker.csv('long').map((row) => row['source_id'])).size).toBe(30_000);
  // One receipt for the whole run, under the run id it began with.
  expect(testWorker.receipts).toHaveLength(1);
  expect(testWorker.receipts[0]?.runId).toBe(handle.signaledRunId);
});

test('a backfill of many windows continues in further histories, none of them much longer than the limit', async () => {
  const handle = await testWorker.client.workflow.signalWithStart('backfill', {
    workflowId: `backfill-hours-${testWorker.taskQueue}`,
    taskQueue: testWorker.taskQueue,
    args: [
      {
        source: 'hours',
        concurrency: 10,
      },
    ],
    signal: 'backfill',
    signalArgs: [
      {
        from: '2026-10-20',
        to: '2026-10-23',
        step: '1h',
      },
    ],
  });
  const result = await testWorker.client.workflow.getHandle(handle.workflowId).result();
  expect(result).toMatchObject({ done: 72, written: 72, failed: [] });
  const lengths = await historyLengths(handle.workflowId);
  expect(lengths.length).toBeGreaterThan(3);
  // Windows that were running at the limit are awaited.
  expect(Math.max(...lengths)).toBeLessThan(20 + 10 * 16);
}, 120_000);

test('a run that waits for an export continues as new with its job, and reads that once', async () => {
  api.begin({ isDone: ({ looks }) => looks > 4, documents: () => [[{ id: 'o1', at: '2026-11-01T00:00:00Z' }]] });
  const { workflowId } = await testWorker.start({ source: 'orders' });
  const receipt = await testWorker.client.workflow.getHandle(workflowId).result();
  expect(receipt).toMatchObject({ outcome: 'ok', accepted: 1 });
  expect(api.jobs).toMatchObject([{ looks: 5, downloads: 1, cancelled: false }]);
  await until('several histories are listed', async () => (await historyLengths(workflowId)).length > 1);
});

test('a run that has continued as new while it waited for an export cancels its job when it is cancelled', async () => {
  api.begin({ isDone: () => false });
  const { workflowId } = await testWorker.start({ source: 'orders' });
  await until('a history is continued', async () => (await historyLengths(workflowId)).length > 0);
  const handle = testWorker.client.workflow.getHandle(workflowId);
  await handle.cancel();
  await expect(handle.result()).rejects.toThrow(/cancelled/i);
  expect(api.jobs).toMatchObject([{ cancelled: true, downloads: 0 }]);
});

test('a cancellation that comes before a replay continues in a new history ends it there', async () => {
  const odd = 'version: 1\ndefaults: { max_reject_ratio: 1 }\nsources:\n  - { name: odd, type: file, path: odd.ndjson';
  const lines = Array.from({ length: 3_000 }, (_, n) => `{"key":${n},"at":"2026-11-02T00:00:00Z"}\n`);
  writeFileSync(testWorker.path('odd.ndjson'), lines.join(''));
  testWorker.configure(`${odd}, id: id, occurred_at: at }\n`);
  await testWorker.run('odd');
  testWorker.configure(`${odd}, id: key, occurred_at: at }\n`);
  // The first page waits for the table, and its history is too long by then.
  const holder = await testWorker.database.pool.connect();
  try {
    await holder.query('begin; lock table raw_event_keys in exclusive mode');
    const handle = await testWorker.client.workflow.start('replayDeadLetters', {
      workflowId: `replay-dead-letters-odd-${testWorker.taskQueue}`,
      taskQueue: testWorker.taskQueue,
      args: [{ source: 'odd' }],
    });
    await until('it writes', async () => {
      const { pendingActivities } = (await handle.describe()).raw;
      return pendingActivities?.some(({ activityType }) => activityType?.name === 'writePostgres');
    });
    await handle.cancel();
    await holder.query('rollback');
    await expect(handle.result()).rejects.toThrow(/cancelled/i);
    const stored = await testWorker.database.count(`select count(*) from raw_events where source = 'odd'`);
    expect(stored).toBeGreaterThan(0);
    expect(stored).toBeLessThan(3_000);
  } finally {
    holder.release();
  }
});
