import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { WorkflowHandle } from '@temporalio/client';
import { test } from 'vitest';
import { readEnvironment } from '../../src/config/environment/environment.ts';
import { version } from '../../src/config/version.ts';
import type { SourceState } from '../../src/domain/state/source-state.ts';
import type { BackfillProgress, Progress } from '../../src/workflows/messages.ts';
import { findTemporal } from '../../src/embedded/temporal-server/find-temporal.ts';
import { billedEvents } from '../support/billed-events.ts';
import { createLatch } from '../support/latch.ts';
import { latchPages } from '../support/latched-pages.ts';
import { startOrigin } from '../support/servers/origin.ts';
import { TestWorker } from '../support/test-worker.ts';
import { startTemporalServer } from '../support/servers/temporal-server.ts';
import { until } from '../support/until.ts';

const projectFolder = fileURLToPath(new URL('../..', import.meta.url));
const folder = new URL(`./histories/${version}/`, import.meta.url);

/** Writes what the Temporal CLI shows of a run; the last run of the chain where none is named. */
async function recordRun(address: string, name: string, workflowId: string, runId?: string): Promise<void> {
  const program = await findTemporal(readEnvironment({}), () => undefined);
  const run = runId === undefined ? [] : ['--run-id', runId];
  const args = ['workflow', 'show', '--workflow-id', workflowId, ...run, '--output', 'json', '--address', address];
  const history = execFileSync(program, args, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  mkdirSync(folder, { recursive: true });
  // Paths of the recording machine must not be published.
  writeFileSync(
    new URL(`${name}.json`, folder),
    history.replaceAll(projectFolder, '').replaceAll(/\/tmp\/[^"\\ ]*/g, '/path'),
  );
}

// oxlint-disable-next-line vitest/expect-expect -- it records; replay.test.ts checks
test('histories of all workflows', async () => {
  const server = await startTemporalServer(['limit.historyCount.suggestContinueAsNew=60']);
  const origin = await startOrigin();
  const testWorker = await TestWorker.create(
    `version: 1
defaults: { allow_private: true, retry: { max_attempts: 1 } }
sources:
  - { name: pages, type: http_json, url: "${origin.url}/", id: id, occurred_at: at, paginator: { type: page_number } }
  - { name: windows, type: http_json, url: "${origin.url}/windows", id: id, occurred_at: at,
      incremental: { cursor: at, start_param: since, end_param: until } }
  - { name: long, type: file, path: long.ndjson, id: id, occurred_at: at }
`,
    {},
    server.address,
  );
  const at = '2026-11-01T00:00:00Z';
  const page = (name: string, size: number) =>
    JSON.stringify(Array.from({ length: size }, (_, n) => ({ id: `${name}-${n}`, at })));
  const record = (name: string, { workflowId }: WorkflowHandle) => recordRun(server.address, name, workflowId);
  const ended = (handle: WorkflowHandle) => handle.result().catch(() => undefined);

  origin.answer(
    (url, response) => void response.end(url.searchParams.get('page') === '1' ? page('finished', 3) : '[]'),
  );
  const finished = await testWorker.start({ source: 'pages' });
  await ended(finished);
  await record('finished', finished);
  const unchanged = await testWorker.start({ source: 'pages' });
  await ended(unchanged);
  await record('unchanged', unchanged);

  origin.answer((_url, response) => void response.writeHead(404).end());
  const failed = await testWorker.start({ source: 'pages' });
  await ended(failed);
  await record('failed', failed);

  const { latch, reached } = latchPages(origin, (number) => (number < 3 ? page(`paused-${number}`, 5_000) : '[]'));
  const paused = await testWorker.start({ source: 'pages' });
  await reached.opened;
  await paused.signal('pause', { reason: 'recording', by: 'test', until: '2099-01-01T00:00:00Z' });
  latch.open();
  await until('the run is paused', async () => (await paused.query<Progress>('progress')).phase === 'paused');
  await record('paused', paused);
  await paused.signal('resume', { by: 'test' });
  await ended(paused);
  await record('resumed', paused);

  const never = createLatch();
  origin.answer(async (url, response) => {
    if (url.searchParams.get('page') === '1') return void response.end(page('cancelled', 5_000));
    reached.open();
    await never.opened;
  });
  const cancelled = await testWorker.start({ source: 'pages' });
  await until('page 2 is asked for', () => origin.requests.filter((path) => path.includes('page=2')).length > 2);
  await cancelled.cancel();
  await ended(cancelled);
  await record('cancelled', cancelled);

  const lines = Array.from({ length: 40_000 }, (_, n) => `{"id":${n},"at":"${at}"}\n`);
  writeFileSync(testWorker.path('long.ndjson'), lines.join(''));
  const continued = await testWorker.start({ source: 'long' });
  await ended(continued);
  await recordRun(server.address, 'continued', continued.workflowId, continued.firstExecutionRunId);
  await recordRun(server.address, 'continued-last', continued.workflowId);

  origin.answer((_url, response) => void response.writeHead(404).end());
  await ended(await testWorker.start({ source: 'pages' }));
  await ended(await testWorker.start({ source: 'pages' }));
  const backingOff = await testWorker.start({ source: 'pages' });
  await until('it backs off', async () => (await backingOff.query<Progress>('progress')).phase === 'backing off');
  await record('backing-off', backingOff);
  await backingOff.cancel();

  origin.answer((url, response) => {
    const since = url.searchParams.get('since') ?? '';
    if (since.startsWith('2026-11-02')) return void response.writeHead(500).end();
    response.end(JSON.stringify([{ id: since, at: since }]));
  });
  const backfill = await testWorker.client.workflow.signalWithStart('backfill', {
    workflowId: 'backfill-windows',
    taskQueue: testWorker.taskQueue,
    args: [{ source: 'windows' }],
    signal: 'backfill',
    signalArgs: [
      {
        from: '2026-11-01',
        to: '2026-11-05',
      },
    ],
  });
  await ended(backfill);
  await record('backfill', backfill);
  await recordRun(server.address, 'window', 'backfill-windows/2026-11-01_2026-11-02');

  const held = createLatch();
  let asks = 0;
  origin.answer(async (url, response) => {
    if (++asks === 2) await held.opened;
    response.end(JSON.stringify([{ id: `held-${url.searchParams.get('since')}`, at }]));
  });
  const pausedBackfill = await testWorker.client.workflow.signalWithStart('backfill', {
    workflowId: 'backfill-windows',
    taskQueue: testWorker.taskQueue,
    args: [{ source: 'windows' }],
    signal: 'backfill',
    signalArgs: [
      {
        from: '2026-10-01',
        to: '2026-10-05',
      },
    ],
  });
  await until('a window runs', () => asks >= 2);
  await pausedBackfill.signal('pause', { reason: 'recording', until: '2099-01-01T00:00:00Z' });
  await pausedBackfill.signal('backfill', { from: '2026-10-03', to: '2026-10-07' });
  held.open();
  await until('it is paused', async () => (await pausedBackfill.query<BackfillProgress>('progress')).paused !== null);
  await record('backfill-paused', pausedBackfill);
  await pausedBackfill.signal('resume');
  await ended(pausedBackfill);
  await record('backfill-resumed', pausedBackfill);

  const handing = await testWorker.client.workflow.signalWithStart('scrapeRun', {
    workflowId: 'a-handing-run',
    taskQueue: testWorker.taskQueue,
    args: [{ source: 'windows' }],
    signal: 'pause',
    signalArgs: [{ reason: 'recording' }],
  });
  await until('it is paused', async () => (await handing.query<Progress>('progress')).phase === 'paused');
  await handing.signal('backfill', { from: '2026-09-01', to: '2026-09-02' });
  await ended(testWorker.client.workflow.getHandle('backfill-windows'));
  await handing.signal('resume');
  await ended(handing);
  await record('handed-over', handing);

  const other = (type: string, args: unknown[]) =>
    testWorker.client.workflow.start(type, { workflowId: `a-${type}`, taskQueue: testWorker.taskQueue, args });
  for (const [type, args] of [
    ['unpause', [{ source: 'pages', note: 'of no one' }]],
    ['partitionRollover', []],
    ['replayCsv', [{ source: 'pages' }]],
    ['canary', []],
  ] as const) {
    const handle = await other(type, [...args]);
    await ended(handle);
    await record(type, handle);
  }

  const proxy = await testWorker.proxyPostgres();
  const statePath = testWorker.path('data', 'state', 'long.json');
  const state = JSON.parse(readFileSync(statePath, 'utf8')) as SourceState;
  // As if the run before had found the sink down: this one tries once.
  writeFileSync(statePath, JSON.stringify({ ...state, sinkDownSince: { postgres: at } }));
  writeFileSync(testWorker.path('long.ndjson'), [...lines, `{"id":"more","at":"${at}"}\n`].join(''));
  proxy.down();
  const deferring = await testWorker.start({ source: 'long' });
  await ended(deferring);
  await record('deferring', deferring);
  const deliverer = testWorker.client.workflow.getHandle('deliver-postgres-long');
  const watch = testWorker.client.workflow.getHandle('sink-watch-postgres');
  await until('the sink was probed', async () => (await billedEvents(watch)).includes('probeSink'));
  await until('the deliverer waits', async () => (await billedEvents(deliverer)).includes('timer'));
  await record('delivering', deliverer);
  await record('watching', watch);
  const failedCanary = await other('canary', []);
  await ended(failedCanary);
  await record('canary-failed', failedCanary);
  proxy.up();
  await ended(deliverer);
  await record('delivered', deliverer);
  await ended(watch);
  await record('watched', watch);
  await proxy.close();

  never.open();

  testWorker.configure(`version: 1
sources: [{ name: letters, type: file, path: letters.ndjson, id: id, occurred_at: at, max_reject_ratio: 1 }]`);
  writeFileSync(testWorker.path('letters.ndjson'), `{"key":1,"at":"${at}"}\n{"key":2,"at":"soon"}\n{\n`);
  await testWorker.run('letters');
  testWorker.configure(`version: 1
sources: [{ name: letters, type: file, path: letters.ndjson, id: key, occurred_at: at, max_reject_ratio: 1 }]`);
  const replaying = await testWorker.client.workflow.start('replayDeadLetters', {
    workflowId: 'replay-dead-letters-letters',
    taskQueue: testWorker.taskQueue,
    args: [{ source: 'letters' }],
  });
  await ended(replaying);
  await record('replayDeadLetters', replaying);

  await testWorker.close();
  await origin.close();
  await server.stop();
});
