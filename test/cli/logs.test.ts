import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { Instance } from '../../src/domain/instance.ts';
import { CliSandbox, type RunningDaybook } from '../support/cli-sandbox.ts';
import { createDatabase, type TestDatabase } from '../support/servers/database.ts';
import { freePort } from '../support/servers/free-port.ts';
import { createNamespace, type TestNamespace } from '../support/servers/namespace.ts';
import { startOrigin, type Origin } from '../support/servers/origin.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const { taskQueue } = new Instance();

type Line = Readonly<Record<string, unknown>>;

const folder = temporaryFolder();
const now = new Date().toISOString();
/** Each answer holds a record that is new. */
let asked = 0;
let database: TestDatabase;
let namespace: TestNamespace;
let origin: Origin;
let place: CliSandbox;
let worker: RunningDaybook;

beforeAll(async () => {
  database = await createDatabase(inject('postgres'));
  namespace = await createNamespace(inject('temporalAddress'), `logs-${process.pid}`);
  origin = await startOrigin((url, response) => {
    if (url.pathname === '/failing') return void response.writeHead(500).end();
    response.end(
      JSON.stringify([{ id: ++asked, at: now }, ...['a', 'b'].map((id) => ({ id: `bad-${id}`, at: 'never' }))]),
    );
  });
  const source = (name: string, more: string) =>
    `  - { name: ${name}, type: http_json, url: "${origin.url}/${name}", id: id, occurred_at: at, allow_private: true${more} }\n`;
  writeFileSync(
    join(folder, 'daybook.yaml'),
    `version: 1\nsources:\n${source('news', '')}${source('failing', ', retry: { max_attempts: 2, initial_interval: 10ms }')}${source('old', ', incremental: { cursor: at, start_param: since, end_param: until }')}`,
  );
  const { host, port, database: name, user, password } = database.settings;
  place = new CliSandbox(folder, {
    PG_HOST: host,
    PG_PORT: String(port),
    PG_DB: name,
    PG_USER: user,
    PG_PASSWORD: password,
    TEMPORAL_ADDRESS: inject('temporalAddress'),
    TEMPORAL_NAMESPACE: namespace.name,
    DAYBOOK_HTTP: `127.0.0.1:${await freePort()}`,
    // A fault of Daybook's own, when the last test asks for it.
    NODE_OPTIONS: `--import=data:text/javascript,process.on('SIGUSR2',()=>{throw(new(Error)('a-fault'))})`,
  });
  worker = place.start(['worker']);
  await worker.shows('Worker started');
});
afterAll(async () => {
  await worker?.stop();
  await origin?.close();
  await namespace?.close();
  await database?.drop();
  rmSync(folder, { recursive: true, force: true });
});

/** All that the worker has said, line by line; what is no JSON fails. */
const lines = () =>
  worker.output
    .slice(0, worker.output.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);

/** Waits for lines with a message, and returns them. */
async function linesOf(msg: string, fields: Line = {}, count = 1): Promise<Line[]> {
  return until(
    () => `"${msg}" in the log:\n${worker.output}`,
    () => {
      const found = lines().filter(
        (line) => line['msg'] === msg && Object.entries(fields).every(([name, value]) => line[name] === value),
      );
      return found.length >= count ? found : null;
    },
  );
}

async function start(workflowType: string, workflowId: string, ...args: unknown[]) {
  return namespace.client.workflow.start(workflowType, { taskQueue, workflowId, args });
}

const ofWorkflow = (source: string, workflowId: string, runId: string) => ({
  source,
  workflow_id: workflowId,
  run_id: runId,
  attempt: 1,
});

describe('a worker logs, as JSON,', () => {
  test('a run with its counts and duration, each batch at each sink, and each dead letter by its id', async () => {
    const {
      workflowId,
      firstExecutionRunId: runId,
      ...handle
    } = await start('scrapeRun', 'scrape-news-1', { source: 'news' });
    await handle.result();
    const of = ofWorkflow('news', workflowId, runId);
    const [run] = await linesOf('Run finished');
    expect(run).toMatchObject({
      ...of,
      level: 'info',
      outcome: 'partial',
      fetched: 3,
      accepted: 1,
      rejected: 2,
      batches: 1,
    });
    expect(run).toMatchObject({ written: 1, deferred: 0, duration_ms: expect.any(Number) as number });
    const written = await linesOf('Batch written', {}, 2);
    expect(new Set(written.map(({ sink }) => sink))).toEqual(new Set(['csv', 'postgres']));
    for (const line of written) {
      expect(line).toMatchObject({ ...of, batch: 0, batch_run_id: runId, written: 1, duplicate: 0 });
      expect(line['duration_ms']).toEqual(expect.any(Number));
    }
    expect(await linesOf('Dead letter', {}, 2)).toMatchObject(
      ['bad-a', 'bad-b'].map((id, index) => ({
        ...of,
        level: 'warn',
        source_id: id,
        reason: 'invalid_time',
        page: 1,
        index: index + 1,
      })),
    );
  });

  test('each attempt that fails, the run that fails with it, and its alert', async () => {
    const handle = await start('scrapeRun', 'scrape-failing-1', { source: 'failing' });
    await handle.result().catch(() => undefined);
    const of = { source: 'failing', workflow_id: 'scrape-failing-1', run_id: handle.firstExecutionRunId };
    const error = 'fetch: failing answered 500, expected 200 or 304';
    const attempts = await linesOf('Activity failed', { source: 'failing' }, 2);
    expect(attempts).toMatchObject(
      [1, 2].map((attempt) => ({
        ...of,
        attempt,
        activity_type: 'fetchBatch',
        error_type: 'SourceUnavailable',
        error,
      })),
    );
    for (const line of attempts) expect(line['duration_ms']).toEqual(expect.any(Number));
    const failed = { ...of, level: 'warn', error_type: 'SourceUnavailable', error };
    expect(await linesOf('Run failed')).toMatchObject([failed]);
    expect(await linesOf('Workflow failed', { source: 'failing' })).toMatchObject([{ ...of, level: 'warn', error }]);
    const alert = { ...of, event: 'alert', name: 'run_failed', state: 'open', message: `SourceUnavailable: ${error}` };
    expect(await linesOf('Alert', { source: 'failing' })).toMatchObject([alert]);
  });

  test('a backfill with its windows, the canary, and a rollover', async () => {
    const [backfill, smoke, rollover] = await Promise.all([
      place.run(['backfill', 'old', '--from', '2026-11-01', '--to', '2026-11-03']),
      place.run(['smoke']),
      place.run(['partitions', 'maintain']),
    ]);
    expect(backfill.code).toBe(0);
    expect(smoke.code).toBe(0);
    expect(rollover.code).toBe(0);
    const windows = await linesOf('Run finished', { source: 'old' }, 2);
    for (const line of windows)
      expect(line).toMatchObject({ window: expect.stringMatching(/^2026-11-0[12]/) as string });
    expect(await linesOf('Backfill finished')).toMatchObject([
      { source: 'old', workflow_id: 'backfill-old', workflow_type: 'backfill', done: 2, failed: 0 },
    ]);
    expect(await linesOf('Canary passed')).toMatchObject([
      {
        source: 'daybook-canary',
        workflow_id: expect.stringMatching(/^canary-/) as string,
        lag_ms: expect.any(Number) as number,
      },
    ]);
    expect(await linesOf('Rollover finished')).toMatchObject([
      { source: 'daybook', workflow_type: 'partitionRollover', swept: 0, duration_ms: expect.any(Number) as number },
    ]);
  });

  test('batches that a sink does not take, and the workflow that delivers them', async () => {
    await database.rows('alter table raw_events rename to elsewhere');
    const handle = await start('scrapeRun', 'scrape-news-2', { source: 'news', force: true });
    await handle.result();
    await database.rows('alter table elsewhere rename to raw_events');
    const waiting = { source: 'news', sink: 'postgres', level: 'warn' };
    expect(await linesOf('Batches deferred')).toMatchObject([
      {
        ...waiting,
        workflow_id: 'scrape-news-2',
        batches: [0],
        records: 1,
        error: expect.stringContaining('42P01') as string,
      },
    ]);
    expect(await linesOf('Alert', { name: 'deferred_postgres' })).toMatchObject([{ source: 'news', event: 'alert' }]);
    expect((await linesOf('Activity failed', { source: 'news' }))[0]).toMatchObject({ activity_type: 'writePostgres' });
  });

  test("what Temporal's core warns of", async () => {
    const handle = await start('nonsuch', 'nonsuch-1');
    const [line] = await linesOf('Failing workflow task');
    await handle.terminate();
    expect(line).toMatchObject({
      level: 'warn',
      source: 'daybook',
      target: expect.stringContaining('temporal') as string,
    });
  });

  test('and each line has its time, level and message, a source, and names in snake_case', () => {
    const all = lines();
    expect(all.length).toBeGreaterThan(15);
    for (const line of all) {
      expect(line).toMatchObject({ time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string });
      for (const name of ['level', 'source', 'msg']) expect(line).toHaveProperty(name, expect.any(String));
      expect(Object.keys(line).filter((name) => !/^[a-z]+(?:_[a-z]+)*$/.test(name))).toEqual([]);
    }
  });
});

test('a worker that meets an unhandled error says so, stops in order and ends with 1', async () => {
  process.kill(worker.pid, 'SIGUSR2');
  expect(await linesOf('Unexpected error; the worker stops')).toMatchObject([{ level: 'fatal' }]);
  expect(await worker.ended()).toBe(1);
});
