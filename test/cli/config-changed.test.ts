import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import type { FailedReceipt, Receipt } from '../../src/domain/run/receipt.ts';
import type { Progress } from '../../src/workflows/messages.ts';
import type { Status } from '../../src/status/status.ts';
import { openAlerts } from '../../src/store/alerts/alerts.ts';
import { maxBatchRecords } from '../../src/store/delivery/batches.ts';
import { createDirectoryStore } from '../../src/store/blobs/directory-store.ts';
import { createDatabase } from '../support/servers/database.ts';
import { CliSandbox, type RunningDaybook } from '../support/cli-sandbox.ts';
import { freePort } from '../support/servers/free-port.ts';
import { createLatch } from '../support/latch.ts';
import { historyText } from '../support/history-text.ts';
import { createNamespace } from '../support/servers/namespace.ts';
import { startOrigin, type Origin } from '../support/servers/origin.ts';
import { TestWorker } from '../support/test-worker.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

/** Two hosts, as far as secrets are concerned: their ports differ. */
let before: Origin;
let after: Origin;
let testWorker: TestWorker;

/** The first page fills the first fetch; the next fetch takes the others. */
const sizes = [maxBatchRecords, 3, 3] as const;
const total = sizes.reduce((sum, size) => sum + size, 0);
/** Pages of which one fetch takes all. */
const few = [3, 3, 3] as const;
const totalOfFew = few.reduce((sum, size) => sum + size, 0);
const time = '2026-11-10T00:00:00Z';
const records = (prefix: string, size: number) =>
  Array.from({ length: size }, (_, n) => ({ id: `${prefix}-${n}`, at: time }));

/** Each test has a source of its own: one worker serves them all. */
let moved = 'moved';
/** What the source asks for; each part may be another one in an edit. */
const source = (url: string, token: string, more = '') => `version: 1
defaults: { allow_private: true, retry: { max_attempts: 3, initial_interval: 10ms } }
sources:
  - { name: ${moved}, type: http_json, url: "${url}/list", id: id, occurred_at: at, paginator: { type: page_number },
      auth: { type: bearer, token: "${token}" }, incremental: { cursor: at, start_param: since, end_param: until }${more} }
`;

/** Authorizations that an origin was sent; its first page is held back. */
function watched(origin: Origin, prefix: string, pages: readonly number[] = sizes) {
  const sent: (string | undefined)[] = [];
  const reached = createLatch();
  const latch = createLatch();
  origin.answer(async (url, response, request) => {
    sent.push(request.headers.authorization);
    const page = Number(url.searchParams.get('page'));
    if (page === 1) {
      reached.open();
      await latch.opened;
    }
    response.end(JSON.stringify(records(`${prefix}-${page}`, pages[page - 1] ?? 0)));
  });
  return { sent, reached, latch };
}

beforeAll(async () => {
  before = await startOrigin();
  after = await startOrigin();
  testWorker = await startFirst();
});
afterAll(async () => {
  await testWorker?.close();
  await before?.close();
  await after?.close();
});
const startFirst = () =>
  TestWorker.create(source(before.url, '${env:TOKEN}'), {
    TOKEN: 'first-token',
    OTHER: 'second-token',
  });
let movedSources = 0;
beforeEach(() => {
  moved = `moved-${++movedSources}`;
  testWorker.variables['TOKEN'] = 'first-token';
  testWorker.configure(source(before.url, '${env:TOKEN}'));
  testWorker.receipts.length = 0;
});

const stored = () => testWorker.database.count(`select count(*) from raw_events where source = '${moved}'`);

describe('a source that moves to another host with another secret while its run is open', () => {
  const edits: Record<string, () => void> = {
    'the same name with another value': () => {
      testWorker.variables['TOKEN'] = 'second-token';
      testWorker.configure(source(after.url, '${env:TOKEN}'));
    },
    'another name': () => testWorker.configure(source(after.url, '${env:OTHER}')),
    'a literal': () => testWorker.configure(source(after.url, 'second-token')),
  };

  test.each(Object.entries(edits))('%s: neither host gets the secret of the other', async (_name, edit) => {
    const [old, next] = [watched(before, 'old'), watched(after, 'new', few)];
    next.latch.open();
    const handle = await testWorker.start({ source: moved });
    await old.reached.opened;
    await handle.signal('pause', { reason: 'moving' });
    old.latch.open();
    await until('it is paused', async () => (await handle.query<Progress>('progress')).phase === 'paused');
    edit();
    await handle.signal('resume');
    const receipt = (await handle.result()) as Receipt;
    expect(receipt).toMatchObject({
      outcome: 'ok',
      fetched: maxBatchRecords + totalOfFew,
      postgres: { written: maxBatchRecords + totalOfFew },
    });
    expect(await stored()).toBe(maxBatchRecords + totalOfFew);
    expect(new Set(old.sent)).toEqual(new Set(['Bearer first-token']));
    expect(new Set(next.sent)).toEqual(new Set(['Bearer second-token']));
    expect(await historyText(handle)).not.toMatch(/first-token|second-token/);
    // It was planned again in the same execution: one receipt.
    expect(testWorker.receipts).toHaveLength(1);
  });

  test('a window of a backfill is planned again as well', async () => {
    const [old, next] = [watched(before, 'old'), watched(after, 'new', few)];
    next.latch.open();
    const window = { from: '2026-11-10T00:00:00.000000Z', to: '2026-11-11T00:00:00.000000Z' };
    const handle = await testWorker.start({ source: moved, window });
    await old.reached.opened;
    await handle.signal('pause', { reason: 'moving' });
    old.latch.open();
    await until('it is paused', async () => (await handle.query<Progress>('progress')).phase === 'paused');
    testWorker.configure(source(after.url, '${env:OTHER}'));
    await handle.signal('resume');
    expect(await handle.result()).toMatchObject({ outcome: 'ok', window });
    expect(new Set(next.sent)).toEqual(new Set(['Bearer second-token']));
    expect(after.requests.at(-1)).toContain('until=');
  });

  test('an edit that does not change address and secrets does not restart the poll', async () => {
    const old = watched(before, 'old');
    const handle = await testWorker.start({ source: moved });
    await old.reached.opened;
    testWorker.configure(source(before.url, '${env:TOKEN}', ', allow_empty: true, max_reject_ratio: 0.9'));
    old.latch.open();
    expect(await handle.result()).toMatchObject({ fetched: total });
    expect(old.sent).toHaveLength(sizes.length + 1);
  });

  test('taken out of the configuration ends its run as UnknownSource, with what was fetched stored', async () => {
    const old = watched(before, 'old');
    const handle = await testWorker.start({ source: moved });
    await old.reached.opened;
    testWorker.configure(source(before.url, '${env:TOKEN}').replace(`name: ${moved}`, 'name: other'));
    old.latch.open();
    await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'UnknownSource' } });
    expect(testWorker.receipts).toMatchObject([{ outcome: 'failed', error: { type: 'UnknownSource' } }]);
    expect(await stored()).toBe(maxBatchRecords);
  });
});

test('a source that no worker knows fails at once, as UnknownSource', async () => {
  testWorker.clearData();
  const failure = (await testWorker.runToFailure('unknown')) as { type: string; receipt: FailedReceipt | undefined };
  expect(failure.type).toBe('UnknownSource');
});

describe('two workers of which only one has the new configuration', () => {
  // Each test has a queue of its own, for the server still lists workers that have stopped; and the first worker must have read the
  // source before a test breaks the file.
  let shared: TestWorker;
  beforeEach(async () => {
    shared = testWorker;
    testWorker = await startFirst();
  });
  afterEach(async () => {
    await testWorker.close();
    testWorker = shared;
  });

  /** Starts a second worker beside the first, with its own configuration. */
  async function withSecond(yaml: string, work: () => Promise<void>) {
    const first = testWorker.worker;
    writeFileSync(testWorker.path('second.yaml'), yaml);
    await testWorker.startWorker('second.yaml');
    try {
      await work();
    } finally {
      await first?.stop();
    }
  }

  test('runs of a moved source succeed, and no secret is sent to the other host', async () => {
    const [old, next] = [watched(before, 'old'), watched(after, 'new')];
    old.latch.open();
    next.latch.open();
    await withSecond(source(after.url, '${env:OTHER}'), async () => {
      for (let n = 0; n < 4; n++) expect(await testWorker.run(moved)).toMatchObject({ outcome: expect.any(String) });
    });
    expect(new Set(old.sent)).not.toContain('Bearer second-token');
    expect(new Set(next.sent)).not.toContain('Bearer first-token');
  });

  test('a file that only one of them finds broken has one alert, which the other does not close', async () => {
    const old = watched(before, 'old', few);
    old.latch.open();
    await withSecond(source(before.url, '${env:TOKEN}'), async () => {
      testWorker.configure('version: [');
      const opened = async () =>
        (await openAlerts(createDirectoryStore(testWorker.path('data')), 'daybook')).find(
          ({ name }) => name === 'config',
        )?.since;
      await until('the one with the broken file has had a run', async () => {
        await testWorker.run(moved);
        return opened();
      });
      const since = await opened();
      const found = [];
      for (let n = 0; n < 8; n++) {
        await testWorker.run(moved);
        found.push(await opened());
      }
      // One that was closed between would have been opened later.
      expect(new Set(found)).toEqual(new Set([since]));
    });
  });

  test('a source that only one of them knows is run by that one', async () => {
    const old = watched(before, 'old');
    old.latch.open();
    testWorker.configure(source(before.url, '${env:TOKEN}').replace(`name: ${moved}`, 'name: other'));
    await withSecond(source(before.url, '${env:TOKEN}'), async () => {
      expect(await testWorker.run(moved)).toMatchObject({ outcome: 'ok', postgres: { written: total } });
      for (let n = 0; n < 2; n++) expect(await testWorker.run(moved)).toMatchObject({ outcome: 'unchanged' });
    });
  });
});

/** Takes the port that workers prefer; where another program has it, as soon as that one leaves it. */
async function takeDefaultPort(): Promise<() => void> {
  const server = createServer();
  let again: NodeJS.Timeout | undefined;
  await new Promise<void>((resolve) => {
    const listen = () => void server.listen(9464, '127.0.0.1');
    server.once('listening', resolve);
    server.on('error', () => {
      again = setTimeout(listen, 100);
      resolve();
    });
    listen();
  });
  return () => {
    clearTimeout(again);
    server.close();
  };
}

/** The keys of a value, and of what is in it. */
function shape(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shape);
  if (typeof value !== 'object' || value === null) return null;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, shape(member)]));
}

test('a service starts with the last good configuration while the file is broken, and takes the file once it is good', async () => {
  const folder = temporaryFolder();
  const database = await createDatabase(inject('postgres'));
  const namespace = await createNamespace(inject('temporalAddress'), `last-good-${process.pid}`);
  const { host, port, database: name, user, password } = database.settings;
  const variables = {
    PG_HOST: host,
    PG_PORT: String(port),
    PG_DB: name,
    PG_USER: user,
    PG_PASSWORD: password,
    TEMPORAL_ADDRESS: inject('temporalAddress'),
    TEMPORAL_NAMESPACE: namespace.name,
    DAYBOOK_EMBEDDED: 'off',
  };
  const freeHttp = `127.0.0.1:${await freePort()}`;
  const fixed = new CliSandbox(folder, { ...variables, DAYBOOK_HTTP: freeHttp });
  const anywhere = new CliSandbox(folder, { ...variables, DAYBOOK_HTTP: undefined });
  const file = join(folder, 'daybook.yaml');
  const keptFile = join(folder, 'data', 'config', 'daybook.json');
  const good = `version: 1
defaults: { schedule: { every: 1d } }
sources:
  - { name: lines, type: file, path: in.ndjson, id: id, occurred_at: at, schema: s.json }
  - { name: closed, type: http_json, url: "http://127.0.0.1:1/", id: id, occurred_at: at, headers: { X-Token: hunter2-literal } }
`;
  const broken = good.replace('id: id', 'id: [');
  const ask = async (path: string, at: string) => (await fetch(`http://${at}${path}`)).json() as Promise<object>;
  let runs = 0;
  const start = (of: string) => {
    const workflowId = `scrape-${of}-test-${runs++}`;
    return namespace.client.workflow.start('scrapeRun', {
      workflowId,
      taskQueue: 'daybook',
      args: [{ source: of }],
    });
  };
  const run = async (of: string) => (await (await start(of)).result()) as Receipt;
  const alertOf = (of: string) =>
    (existsSync(join(folder, 'data', 'alerts', of, 'config.json'))
      ? JSON.parse(readFileSync(join(folder, 'data', 'alerts', of, 'config.json'), 'utf8'))
      : null) as { state: string; message: string } | null;
  const release = await takeDefaultPort();
  let running: RunningDaybook | null = null;
  try {
    writeFileSync(join(folder, 'in.ndjson'), '{"id":1,"at":"2026-11-01T00:00:00Z"}\n');
    writeFileSync(join(folder, 's.json'), '{"required":["id"]}');
    writeFileSync(file, good);
    running = fixed.start(['worker']);
    await running.shows('Worker started');
    expect(await run('lines')).toMatchObject({ outcome: 'ok', postgres: { written: 1 } });
    expect(await ask('/readyz', freeHttp)).toEqual({ status: 'ready' });
    await until('the configuration is kept', () => existsSync(keptFile));
    expect(readFileSync(keptFile, 'utf8')).not.toContain('hunter2');
    expect(await fixed.run(['schedules', 'apply'])).toMatchObject({ code: 0 });
    // The page has the same as the command, once the first scheduled runs have ended.
    await until('no source runs', async () => {
      const { sources } = JSON.parse((await fixed.run(['status', '--json'])).stdout) as Status;
      return sources.every((one) => one.running === null && one.lastReceipt !== null);
    });
    const printed = JSON.parse((await fixed.run(['status', '--json'])).stdout) as object;
    expect(shape(await ask('/status.json', freeHttp))).toEqual(shape(printed));
    // An address that was named is used or refused.
    for (const command of ['worker', 'up']) {
      const { code, stderr } = await (command === 'up' ? fixed.refused([command]) : fixed.run([command]));
      expect(stderr, command).toContain(freeHttp);
      expect(code, command).toBe(2);
      expect(stderr).toContain('DAYBOOK_HTTP');
    }

    // A deploy breaks the file and a schema, and the machine goes down.
    writeFileSync(file, broken);
    writeFileSync(join(folder, 's.json'), '{');
    await running.killAll();
    for (const command of ['worker', 'up']) {
      const strict = await anywhere.refused([command, '--strict-config']);
      expect(strict, command).toMatchObject({ code: 2, stderr: expect.stringMatching(/daybook\.yaml:4:/) });
    }
    expect((await anywhere.run(['run', 'lines'])).code).toBe(2);
    running = anywhere.start(['worker']);
    await running.shows('Using the last good configuration');
    await running.shows('Worker started');
    const [, at = ''] = /The status page is at http:\/\/([\d.:]+)\//.exec(running.output) ?? [];
    const { savedAt } = JSON.parse(readFileSync(keptFile, 'utf8')) as { savedAt: string };
    const ready = (await ask('/readyz', at)) as { status: string; notes: string[] };
    expect(ready).toEqual({ status: 'ready', notes: [expect.stringContaining(savedAt)] });
    expect(ready.notes[0]).toMatch(/daybook\.yaml:4:.*left out: closed \(it has a literal secret in headers\.X-Token/s);
    writeFileSync(join(folder, 'in.ndjson'), '{"id":2,"at":"2026-11-02T00:00:00Z"}\n{"at":"2026-11-02T00:00:00Z"}\n');
    expect(await run('lines')).toMatchObject({ postgres: { written: 1 } });
    expect(alertOf('daybook')).toMatchObject({ state: 'open', message: expect.stringContaining('daybook.yaml:4:') });
    const waiting = await start('closed');
    await until('the source that is left out waits', async () =>
      (await waiting.describe()).raw.pendingActivities?.some(({ lastFailure }) =>
        /leaves it out because it has a literal secret/.test(lastFailure?.message ?? ''),
      ),
    );

    writeFileSync(join(folder, 's.json'), '{"required":["id"]}');
    writeFileSync(file, good);
    expect(await run('lines')).toMatchObject({ outcome: 'unchanged' });
    expect(alertOf('daybook')?.state ?? 'resolved').toBe('resolved');
    await expect(waiting.result()).rejects.toMatchObject({ cause: { type: 'PrivateAddress' } });
    await until('there is no note', async () => !('notes' in (await ask('/readyz', at))));
    await running.stop();

    writeFileSync(file, broken);
    running = anywhere.start(['up']);
    await running.shows('from the store: ');
    await running.shows('http://127.0.0.1:94');
    expect(running.output).not.toContain('http://127.0.0.1:9464');
    const schedule = await namespace.client.schedule.getHandle('scrape-closed').describe();
    expect(schedule.state.paused).toBe(false);
    expect(await running.stop()).toBe(0);

    writeFileSync(keptFile, '{"savedAt":');
    const refused = await anywhere.refused(['worker']);
    expect(refused).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/config\/daybook\.json is not valid JSON/),
    });
    expect(refused.stderr).toContain('daybook.yaml:4:');
  } finally {
    await running?.killAll();
    release();
    await namespace.close();
    await database.drop();
    rmSync(folder, { recursive: true, force: true });
  }
}, 300_000);
