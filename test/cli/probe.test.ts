import { ScheduleNotFoundError, type Client, type ScheduleDescription } from '@temporalio/client';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { Instance } from '../../src/domain/instance.ts';
import { sourcesWithOpenRuns } from '../../src/temporal/start-run.ts';
import { CliSandbox, type RunningDaybook } from '../support/cli-sandbox.ts';
import { startOrigin, type Origin } from '../support/servers/origin.ts';
import { TestWorker } from '../support/test-worker.ts';
import { until } from '../support/until.ts';

let testWorker: TestWorker;
let sandbox: CliSandbox;
let origin: Origin;
let client: Client;
const bodies = new Map<string, string>();
/** Sources that are not answered. */
const hangs = new Set<string>();

const source = (name: string, schedule: string) =>
  `  - { name: ${name}, type: http_json, url: "${origin.url}/${name}", id: id, occurred_at: at, allow_private: true, schedule: ${schedule} }\n`;
const yaml = (...sources: string[]) => `version: 1\nsources:\n${sources.join('')}`;
const probed = (name: string) => source(name, '{ every: 2s, probe: true }');
const own = (name: string) => source(name, '{ every: 2s, jitter: 0s }');
const asks = (name: string) => origin.requests.filter((path) => path === `/${name}`).length;
const bodyOf = (...ids: string[]) => JSON.stringify(ids.map((id) => ({ id, at: '2026-11-01T00:00:00Z' })));

async function daybook(...args: string[]): Promise<string> {
  const result = await sandbox.run(args);
  expect(result.code, result.stderr).toBe(0);
  return result.stdout;
}

async function statusOf(name: string): Promise<Record<string, unknown> | undefined> {
  const { sources } = JSON.parse(await daybook('status', '--json')) as { sources: Record<string, unknown>[] };
  return sources.find((found) => found['name'] === name);
}

/** The server applies changes of schedules a moment later. */
const soon = <T>(check: () => Promise<T>) => vi.waitFor(check, { timeout: 20_000, interval: 250 });

async function describeIt(id: string): Promise<ScheduleDescription | null> {
  return client.schedule
    .getHandle(id)
    .describe()
    .catch((error: unknown) => {
      if (error instanceof ScheduleNotFoundError) return null;
      throw error;
    });
}
const stateOf = async (name: string) => (await describeIt(`scrape-${name}`))?.state;

/** Changes the configuration: commands and the worker read it when they need it. */
const configure = (...sources: string[]) => testWorker.configure(yaml(...sources));

beforeAll(async () => {
  origin = await startOrigin((url, response) => {
    if (hangs.has(url.pathname.slice(1))) return;
    response.end(bodies.get(url.pathname.slice(1)) ?? bodyOf('1'));
  });
  testWorker = await TestWorker.createForCommands(yaml(own('one'), own('two')));
  sandbox = new CliSandbox(testWorker.folder, testWorker.commandVariables());
  ({ client } = testWorker);
  await daybook('schedules', 'apply');
});
afterAll(async () => {
  await testWorker?.close();
  await origin?.close();
});

test('a source that gets probe: true is polled by its group; its schedule is set aside, and its pause stays', async () => {
  await daybook('pause', 'two', '--reason', 'maintenance', '--until', '2099-01-01');
  configure(probed('one'), probed('two'));
  expect(await daybook('schedules', 'diff')).toMatch(/probe-2s-0 {2}is missing[^]*scrape-one {2}would be paused: /);
  expect(await daybook('schedules', 'apply')).toMatch(
    /probe-2s-0 {2}created\nscrape-one {2}paused: its source is probed together with others/,
  );
  expect(await daybook('schedules', 'diff')).toBe('3 schedules up to date\n');
  expect(await stateOf('one')).toMatchObject({ paused: true, note: 'daybook: probed' });
  expect(await stateOf('two')).toMatchObject({ paused: true, note: 'daybook: probed' });

  const [before, ofTwo] = [asks('one'), asks('two')];
  await soon(async () => expect(asks('one')).toBeGreaterThan(before + 1));
  expect(asks('two')).toBe(ofTwo);
  await soon(async () =>
    expect(await statusOf('one')).toMatchObject({
      health: 'ok',
      nextRunAt: expect.any(String),
      lastReceipt: { outcome: 'unchanged', workflowId: expect.stringMatching(/^probe-2s-0-/) },
      starts: { late: 0 },
    }),
  );
  expect(await statusOf('two')).toMatchObject({
    health: 'paused',
    nextRunAt: null,
    paused: { reason: 'maintenance', until: '2099-01-01T00:00:00.000Z' },
  });
  expect(await daybook('runs', 'one')).toMatch(/unchanged/);
  expect(await testWorker.worker?.metrics()).toMatch(
    /daybook_run_duration_seconds_count\{source="one",outcome="unchanged"\} [1-9]/,
  );
});

test('pause and resume concern the source alone, and forget wants it paused', async () => {
  await daybook('resume', 'two');
  const before = asks('two');
  await soon(async () => expect(asks('two')).toBeGreaterThan(before));
  await daybook('pause', 'one', '--reason', 'x');
  expect((await describeIt('probe-2s-0'))?.state.paused).toBe(false);
  const ofOne = asks('one');
  bodies.set('one', bodyOf('1', '2'));
  bodies.set('two', bodyOf('1', '2'));
  await soon(async () =>
    expect(await testWorker.database.count(`select count(*) from raw_events where source = 'two'`)).toBe(2),
  );
  expect(asks('one')).toBeLessThanOrEqual(ofOne + 1);
  const refused = await sandbox.run(['forget', '--source', 'two', '--yes']);
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringMatching(/must be paused[^]*\.\/daybook pause two/) });
  await daybook('resume', 'one');
  await soon(async () =>
    expect(await testWorker.database.count(`select count(*) from raw_events where source = 'one'`)).toBe(2),
  );
  expect(await daybook('run', 'one')).toMatch(/unchanged/);
});

test('without probe the source gets its schedule back, with its pause; an empty group is paused', async () => {
  await daybook('pause', 'two', '--reason', 'later');
  configure(own('one'), own('two'));
  expect(await daybook('schedules', 'apply')).toMatch(
    /scrape-one {2}updated; its source is back[^]*probe-2s-0 {2}paused: no source belongs to it/,
  );
  expect(await stateOf('one')).toMatchObject({ paused: false, note: 'daybook: no longer probed' });
  expect(await stateOf('two')).toMatchObject({
    paused: true,
    note: expect.stringMatching(/^daybook: paused by .*: later$/),
  });
  expect((await describeIt('probe-2s-0'))?.state.paused).toBe(true);
  await daybook('resume', 'two');
  expect(await stateOf('two')).toMatchObject({ paused: false });

  configure(probed('one'), probed('two'));
  expect(await daybook('schedules', 'apply', '--prune')).toMatch(
    /probe-2s-0 {2}updated; its sources are back\nscrape-one {2}deleted: its source is probed/,
  );
  expect(await describeIt('scrape-one')).toBeNull();
  expect((await describeIt('probe-2s-0'))?.state.paused).toBe(false);
  const before = asks('one');
  await soon(async () => expect(asks('one')).toBeGreaterThan(before));

  await daybook('pause', 'one', '--reason', 'kept');
  configure(own('one'), own('two'));
  await daybook('schedules', 'apply', '--prune');
  expect(await describeIt('probe-2s-0')).toBeNull();
  expect(await stateOf('one')).toMatchObject({ paused: true, note: expect.stringMatching(/: kept$/) });
});

test('a probe whose worker is killed is made again by the next one, and starts each run once', async () => {
  // A group of its own: a probe of the tests before may still be open.
  const other = (name: string) => source(name, '{ every: 3s, probe: true }');
  configure(other('first'), other('second'));
  const at = '2026-11-01T00:00:00Z';
  const probe = async (time: string) =>
    client.workflow.start('probe', {
      workflowId: `probe-3s-0-${time}`,
      taskQueue: 'daybook',
      args: [{ everyMs: 3_000, shard: 0, shards: 1 }],
    });
  const runsOf = async (name: string) => {
    const found: string[] = [];
    for await (const { workflowId } of client.workflow.list({ query: `WorkflowType = 'scrapeRun'` }))
      if (workflowId.startsWith(`scrape-${name}-`)) found.push(workflowId);
    return found;
  };
  expect(await (await probe('2026-10-31T00:00:00Z')).result()).toMatchObject({ due: 2, started: ['first', 'second'] });
  await soon(async () => expect(await testWorker.database.count(rowsOf('first', 'second'))).toBe(2));
  // A source whose run is still open is not asked.
  await soon(async () => expect((await sourcesWithOpenRuns(client, new Instance())).size).toBe(0));
  await testWorker.stopWorker();
  bodies.set('first', bodyOf('1', '2'));
  bodies.set('second', bodyOf('1', '2'));
  hangs.add('second');
  const killed = sandbox.start(['worker']);
  const running: RunningDaybook[] = [killed];
  try {
    const before = asks('second');
    const handle = await probe(at);
    await until('it asks', () => asks('second') > before, 90_000);
    process.kill(killed.pid, 'SIGKILL');
    hangs.clear();
    running.push(sandbox.start(['worker']));
    expect(await handle.result()).toMatchObject({ at, changed: 2, failed: 0, started: ['first', 'second'] });
    await soon(async () => expect(await testWorker.database.count(rowsOf('first', 'second'))).toBe(4));
    for (const name of ['first', 'second']) {
      expect((await runsOf(name)).sort()).toEqual([`scrape-${name}-2026-10-31T00:00:00Z`, `scrape-${name}-${at}`]);
    }
  } finally {
    for (const worker of running) await worker.killAll();
  }
});

const rowsOf = (...names: string[]) =>
  `select count(*) from raw_events where source in (${names.map((name) => `'${name}'`).join()})`;
