import { randomUUID } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { createDatabase, type TestDatabase } from '../support/servers/database.ts';
import { CliSandbox, type RunningDaybook } from '../support/cli-sandbox.ts';
import { createNamespace, type TestNamespace } from '../support/servers/namespace.ts';
import { json, startOrigin, type Origin } from '../support/servers/origin.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

/** Two Daybooks in one namespace and one database, with sources of the same names; and a third one that comes by mistake. */
const folder = temporaryFolder();
const running: RunningDaybook[] = [];
let namespace: TestNamespace;
let database: TestDatabase;
let origin: Origin;
let first: CliSandbox;
let lab: CliSandbox;

const source = (name: string) =>
  `  - { name: ${name}, type: http_json, url: "${origin.url}/${name}", id: id, occurred_at: at, allow_private: true,
      incremental: { cursor: at, start_param: since, end_param: until }, schedule: { every: 1h } }\n`;

/** @param variables of this Daybook alone */
function sandbox(
  name: string,
  head: string,
  sources: readonly string[],
  variables: Record<string, string>,
): CliSandbox {
  const place = join(folder, name);
  mkdirSync(place, { recursive: true });
  configure(name, head, sources);
  const { host, port, database: db, user, password } = database.settings;
  return new CliSandbox(place, {
    PG_HOST: host,
    PG_PORT: String(port),
    PG_DB: db,
    PG_USER: user,
    PG_PASSWORD: password,
    PG_SCHEMA: name,
    TEMPORAL_ADDRESS: inject('temporalAddress'),
    TEMPORAL_NAMESPACE: namespace.name,
    DAYBOOK_HTTP: 'off',
    DAYBOOK_EMBEDDED: 'off',
    ...variables,
  });
}

function configure(name: string, head: string, sources: readonly string[]): void {
  writeFileSync(join(folder, name, 'daybook.yaml'), `version: 1\n${head}sources:\n${sources.map(source).join('')}`);
}

async function ok(place: CliSandbox, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await place.run(args);
  expect({ args, code, stderr }).toMatchObject({ code: 0 });
  return stdout;
}

/** What a command says that is refused. */
async function refused(
  place: CliSandbox,
  args: readonly string[],
  variables: Record<string, string> = {},
): Promise<string> {
  const { code, stderr } = await place.run(args, { variables });
  expect({ args, code, stderr }).toEqual({ args, code: 2, stderr: expect.any(String) as string });
  return stderr;
}

const schedule = (id: string) => namespace.client.schedule.getHandle(id).describe();
const isPaused = async (id: string) => (await schedule(id)).state.paused;

/** All workflows of the namespace, as ids by queue. */
async function workflowsByQueue(): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = new Map<string, string[]>();
  for await (const { workflowId, taskQueue } of namespace.client.workflow.list()) {
    found.set(taskQueue, [...(found.get(taskQueue) ?? []), workflowId]);
  }
  return found;
}

const rowsIn = (schema: string) => database.count(`select count(*) from ${schema}.raw_events where source = 'news'`);

beforeAll(async () => {
  namespace = await createNamespace(inject('temporalAddress'), `instances-${process.pid}`);
  database = await createDatabase(inject('postgres'), null);
  origin = await startOrigin(json([1, 2].map((n) => ({ id: n, at: `2026-11-01T0${n}:00:00Z` }))));
  first = sandbox('first', '', ['news', 'first'], {});
  lab = sandbox('lab', 'instance: lab\n', ['news', 'lab'], {});
  for (const place of [first, lab]) {
    await ok(place, 'migrate');
    running.push(place.start(['worker']));
  }
  await Promise.all(running.map((worker) => worker.shows('Worker started', 120_000)));
  await ok(first, 'schedules', 'apply');
});
afterAll(async () => {
  for (const daybook of running) await daybook.killAll();
  await origin?.close();
  await database?.drop();
  await namespace?.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('a second Daybook with a name of its own', () => {
  test('creates its own schedules, and names those of the first', async () => {
    await until('the first ones are listed', async () => (await namespaceSchedules()).length === 4);
    const said = await ok(lab, 'schedules', 'apply');
    expect(said).toContain('lab.scrape-news  created\n');
    expect(said).toContain('instance daybook: 2 schedules are not changed (scrape-first, scrape-news)');
    await until('all are listed', async () => (await namespaceSchedules()).length === 8);
    expect(await namespaceSchedules()).toEqual([
      'canary',
      'lab.canary',
      'lab.partition-rollover',
      'lab.scrape-lab',
      'lab.scrape-news',
      'partition-rollover',
      'scrape-first',
      'scrape-news',
    ]);
    expect((await schedule('lab.scrape-news')).memo).toMatchObject({
      daybook: 'news',
      'daybook-instance': 'lab',
      'daybook-store': expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
    });
  });

  test('runs, backfills, maintains and checks in its own queue and schema', async () => {
    expect(JSON.parse(await ok(lab, 'run', 'news', '--json'))).toMatchObject({
      workflowId: expect.stringMatching(/^lab\.scrape-news-run-/) as string,
    });
    const window = ['news', '--from', '2026-11-01', '--to', '2026-11-02'];
    expect(JSON.parse(await ok(lab, 'backfill', ...window, '--json'))).toMatchObject({ done: 1 });
    expect(JSON.parse(await ok(lab, 'smoke', '--json'))).toMatchObject({
      ok: true,
      workflowId: expect.stringMatching(/^lab\.canary-/) as string,
    });
    await ok(lab, 'partitions', 'maintain');
    expect(JSON.parse(await ok(first, 'backfill', ...window, '--json'))).toMatchObject({ done: 1 });
    await until('both have all', async () => (await rowsIn('first')) === 2 && (await rowsIn('lab')) === 2);
    const queues = await workflowsByQueue();
    expect([...queues.keys()].sort()).toEqual(['daybook', 'daybook-lab']);
    expect(queues.get('daybook')?.filter((id) => id.startsWith('lab.'))).toEqual([]);
    expect(queues.get('daybook-lab')?.filter((id) => !id.startsWith('lab.'))).toEqual([]);
    expect(queues.get('daybook-lab')).toContain('lab.backfill-news/2026-11-01_2026-11-02');
    expect(queues.get('daybook')).toContain('backfill-news/2026-11-01_2026-11-02');
  });

  test('pauses, shows and forgets only its own sources', async () => {
    await ok(lab, 'pause', 'news', '--reason', 'not the first one');
    expect(await isPaused('lab.scrape-news')).toBe(true);
    expect(await isPaused('scrape-news')).toBe(false);
    const statusOf = async (place: CliSandbox) =>
      JSON.parse(await ok(place, 'status', '--json')) as {
        sources: { name: string; paused: unknown }[];
        unconfigured: unknown[];
        temporal: { instance?: string };
      };
    const [ofFirst, ofLab] = [await statusOf(first), await statusOf(lab)];
    expect(ofFirst.sources).toMatchObject([{ name: 'news', paused: null }, { name: 'first' }]);
    expect(ofLab.sources).toMatchObject([{ name: 'news', paused: { reason: 'not the first one' } }, { name: 'lab' }]);
    expect(ofFirst.unconfigured).toEqual([]);
    expect(ofLab.unconfigured).toEqual([]);
    expect(ofFirst.temporal.instance).toBeUndefined();
    expect(ofLab.temporal.instance).toBe('lab');
    await ok(lab, 'forget', '--source', 'news', '--yes');
    expect(await rowsIn('first')).toBe(2);
    expect(await rowsIn('lab')).toBe(0);
    await ok(lab, 'resume', 'news');
  });

  test('pauses its own schedules of removed sources, and no others', async () => {
    configure('lab', 'instance: lab\n', ['news']);
    configure('first', '', ['news']);
    expect(await ok(lab, 'schedules', 'apply')).toContain('lab.scrape-lab  paused');
    expect(await isPaused('scrape-first')).toBe(false);
    expect(await isPaused('lab.scrape-lab')).toBe(true);
    expect(await ok(first, 'schedules', 'apply', '--prune')).toContain('scrape-first  deleted');
    expect(await isPaused('lab.scrape-lab')).toBe(true);
  });

  test('has a worker that says in each line and webhook which instance it is, the first one does not', () => {
    expect(running.map(({ output }) => output.includes('"instance":"lab"'))).toEqual([false, true]);
  });
});

describe('a second Daybook without a name', () => {
  let stray: CliSandbox;
  beforeAll(() => {
    stray = sandbox('stray', '', ['news', 'mine'], {});
  });

  test('starts no worker beside the first, and says why and what to do', async () => {
    for (const command of ['worker', 'up']) {
      const { code, stderr } = await (command === 'up' ? stray.refused([command]) : stray.run([command]));
      expect(code, command).toBe(2);
      expect(stderr).toMatch(
        /worker .*\/store-\S+ of another store polls the task queue "daybook".*DAYBOOK_INSTANCE=…/,
      );
    }
    expect(await database.count(`select count(*) from pg_namespace where nspname = 'stray'`)).toBe(0);
  });

  test('makes, takes over and pauses no schedule beside the first, and names those that are not its own', async () => {
    const before = (await schedule('scrape-news')).raw.schedule;
    expect(await ok(stray, 'schedules', 'diff')).toMatch(
      /^scrape-news {2}is not changed: it may belong to another Daybook/m,
    );
    expect(await refused(stray, ['schedules', 'apply'])).toMatch(/of another store polls the task queue "daybook"/);
    expect((await schedule('scrape-news')).raw.schedule).toEqual(before);
    expect(await namespaceSchedules()).not.toContain('scrape-mine');
  });

  test.each([
    [['pause', 'news', '--reason', 'by mistake']],
    [['resume', 'news']],
    [['backfill', 'news', '--from', '2026-11-01', '--to', '2026-11-02']],
    [['partitions', 'maintain']],
    [['replay-csv']],
    [['rebuild-journal']],
    [['forget', '--source', 'news', '--yes']],
    [['reset', '--yes']],
  ])('does nothing to the first by %j', async (command) => {
    const inItsDatabase = { PG_SCHEMA: 'first' };
    // Its journal has a folder: replay-csv finds something to read.
    mkdirSync(join(folder, 'stray', 'data', 'csv'), { recursive: true });
    expect(await refused(stray, command, inItsDatabase)).toMatch(/of another store polls the task queue "daybook"/);
    expect(await isPaused('scrape-news')).toBe(false);
    expect(await rowsIn('first')).toBe(2);
  });

  test('removes no row of the first if only the database is the same', async () => {
    const variables = { PG_SCHEMA: 'first', DAYBOOK_INSTANCE: 'stray' };
    for (const command of [
      ['forget', '--source', 'news', '--yes'],
      ['reset', '--yes'],
      ['restore', '--day', '2026-11-01'],
    ]) {
      expect(await refused(stray, command, variables)).toMatch(/which are not a pair/);
    }
    expect(await rowsIn('first')).toBe(2);
  });

  test('has a schedule that the first leaves alone, because it does not know its source', async () => {
    const memo = { daybook: 'mine', 'daybook-instance': 'daybook', 'daybook-store': randomUUID() };
    await namespace.client.schedule.create({
      scheduleId: 'scrape-mine',
      spec: { intervals: [{ every: '1h' }] },
      memo,
      action: {
        type: 'startWorkflow',
        workflowType: 'scrapeRun',
        taskQueue: 'daybook',
        args: [{ source: 'mine' }],
        memo,
      },
    });
    await until('it is listed', async () => (await namespaceSchedules()).includes('scrape-mine'));
    expect(await ok(first, 'schedules', 'apply', '--prune')).toMatch(/^scrape-mine {2}is not changed/m);
    expect(await isPaused('scrape-mine')).toBe(false);
  });

  test('reports two names that differ', async () => {
    const { code, stderr } = await lab.run(['schedules', 'diff'], { variables: { DAYBOOK_INSTANCE: 'other' } });
    expect(stderr).toMatch(/instance: found "lab", but DAYBOOK_INSTANCE is "other"; expected the same name/);
    expect(code).toBe(2);
  });
});

describe('a schedule of 0.2.0, whose memo names no instance', () => {
  test('is adopted if the store has runs of its source', async () => {
    const handle = namespace.client.schedule.getHandle('scrape-news');
    const { raw, spec, policies } = await handle.describe();
    expect(raw.memo).toBeDefined();
    await handle.delete();
    await namespace.client.schedule.create({
      scheduleId: 'scrape-news',
      spec: { intervals: spec.intervals ?? [] },
      policies,
      memo: { daybook: 'news' },
      action: {
        type: 'startWorkflow',
        workflowType: 'scrapeRun',
        workflowId: 'scrape-news',
        taskQueue: 'daybook',
        args: [{ source: 'news' }],
        memo: { daybook: 'news' },
      },
    });
    expect(await ok(first, 'schedules', 'diff')).toMatch(/^scrape-news {2}would be adopted$/m);
    await ok(first, 'schedules', 'apply');
    expect((await schedule('scrape-news')).action.memo).toMatchObject({ 'daybook-instance': 'daybook' });
    expect(await ok(first, 'schedules', 'diff')).not.toMatch(/^scrape-news/m);
  });
});

async function namespaceSchedules(): Promise<string[]> {
  const found: string[] = [];
  for await (const { scheduleId } of namespace.client.schedule.list()) found.push(scheduleId);
  return found.sort();
}
