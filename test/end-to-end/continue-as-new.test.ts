import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Rig } from '../support/rig.ts';
import { startTemporalServer, type TestServer } from '../support/temporal-server.ts';
import type { Progress } from '../../src/workflows/messages.ts';

let server: TestServer;
let rig: Rig;

beforeAll(async () => {
  // After 60 events instead of 4,096: a few batches.
  server = await startTemporalServer(['limit.historyCount.suggestContinueAsNew=60']);
  rig = await Rig.create(
    'version: 1\nsources: [{ name: long, type: file, path: long.ndjson, id: id, occurred_at: at }]',
    {},
    server.address,
  );
});
afterAll(async () => {
  await rig?.close();
  await server?.stop();
});

test('a long run continues as new, with its counts, its place and its pause, and ends as one', async () => {
  const lines = Array.from({ length: 60_000 }, (_, n) => `{"id":${n},"at":"2026-11-01T00:00:00Z"}\n`);
  writeFileSync(rig.path('long.ndjson'), lines.join(''));
  const handle = await rig.client.workflow.signalWithStart('scrapeRun', {
    workflowId: `scrape-long-${rig.taskQueue}`,
    taskQueue: rig.taskQueue,
    args: [{ source: 'long' }],
    signal: 'pause',
    signalArgs: [{ reason: 'first' }],
  });
  expect((await handle.query<Progress>('progress')).paused?.reason).toBe('first');
  await handle.signal('resume');
  const receipt = await rig.client.workflow.getHandle(handle.workflowId).result();
  expect(receipt).toMatchObject({ outcome: 'ok', fetched: 60_000, batches: 12, postgres: { written: 60_000 } });
  const runs = rig.client.workflow.list({ query: `WorkflowId = '${handle.workflowId}'` });
  let segments = 0;
  for await (const run of runs)
    segments += run.status.name === 'CONTINUED_AS_NEW' || run.status.name === 'COMPLETED' ? 1 : 0;
  expect(segments).toBeGreaterThan(2);
  expect(await rig.database.count('select count(*) from raw_events')).toBe(60_000);
  expect(new Set(rig.csv('long').map((row) => row['source_id'])).size).toBe(60_000);
  // One receipt for the whole run, under the run id it began with.
  expect(rig.receipts).toHaveLength(1);
  expect(rig.receipts[0]?.runId).toBe(handle.signaledRunId);
});
