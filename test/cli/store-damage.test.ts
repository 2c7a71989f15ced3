import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { Receipt } from '../../src/domain/run/receipt.ts';
import { replayLettersType } from '../../src/domain/names.ts';
import type { ReplayResult } from '../../src/domain/dead-letters/dead-letter-replay.ts';
import { openAlerts } from '../../src/store/alerts/alerts.ts';
import { spoolRecords } from '../../src/store/delivery/batches.ts';
import { writeCanaryReport } from '../../src/store/canary/canary-report.ts';
import { listDeadLetters } from '../../src/store/dead-letters/dead-letters.ts';
import { markDeferred } from '../../src/store/delivery/deferred.ts';
import { createDirectoryStore } from '../../src/store/blobs/directory-store.ts';
import { discardDeadLetter } from '../../src/store/dead-letters/dead-letter-visibility.ts';
import { storeKindOf, storePaths, type StoreKind } from '../../src/store/paths/paths.ts';
import { storedPauses } from '../../src/store/run/pauses.ts';
import { chooseWindows, writeWindow } from '../../src/store/backfill/window-results.ts';
import type { Status } from '../../src/status/status.ts';
import type { RolloverResult } from '../../src/workflows/rollover/partition-rollover.ts';
import { CliSandbox } from '../support/cli-sandbox.ts';
import { startOrigin, type Origin } from '../support/servers/origin.ts';
import { TestWorker } from '../support/test-worker.ts';
import { until } from '../support/until.ts';
import { damageWays, type DamageWay } from '../unit/store/blobs/damage-ways.ts';
import { storedKinds } from '../unit/store/stored-kinds.ts';

let origin: Origin;
let testWorker: TestWorker;
let commands: CliSandbox;
const served = new Map([
  ['api', [...'abc'].map((id) => ({ id, at: '2026-11-01T00:00:00Z' }))],
  ['lines', [...'def'].map((id) => ({ id, at: '2026-11-01T00:00:00Z' }))],
]);
const refused = (source: string) => ['x', 'y', 'z'].map((v) => ({ v: `${source}-${v}` }));
const window = { from: '2026-11-01T00:00:00.000000Z', to: '2026-11-02T00:00:00.000000Z' };

const store = () => createDirectoryStore(testWorker.path('data'));
let replays = 0;
const replay = async (ids?: readonly string[]) =>
  (await testWorker.client.workflow.execute(replayLettersType, {
    workflowId: `replay-${testWorker.taskQueue}-${replays++}`,
    taskQueue: testWorker.taskQueue,
    args: [
      {
        source: 'api',
        ...(ids ? { ids } : {}),
      },
    ],
  })) as ReplayResult;
const rollover = async () =>
  (await testWorker.client.workflow.execute('partitionRollover', {
    workflowId: `rollover-${testWorker.taskQueue}-${replays++}`,
    taskQueue: testWorker.taskQueue,
    args: [{}],
  })) as RolloverResult;
const ids = async (source: string) =>
  (await testWorker.database.rows('select source_id from raw_events where source = $1 order by 1', [source])).map(
    (row) => (row as { source_id: string }).source_id,
  );

/** A source of pages, and one of files; `idPath` lets some of what they serve be refused, or pass. */
const yaml = (idPath: string) => `version: 1
defaults: { allow_private: true, max_reject_ratio: 1, retry: { max_attempts: 1 }, expect: { min_records: 100 } }
sources:
  - { name: api, type: http_json, url: "${origin.url}/api", id: "${idPath}", occurred_at: { path: at, on_missing: fetched_at } }
  - { name: busy, type: http_json, url: "${origin.url}/busy", id: id, occurred_at: at }
  - { name: feed, type: rss, url: "${origin.url}/feed", schedule: { every: 1h, probe: true } }
  - { name: lines, type: file, path: "in/*.ndjson", id: id, occurred_at: at }
`;
const configure = (idPath: string) => testWorker.configure(yaml(idPath));

/** Everything that Daybook remembers, each kind of file that is set aside where it is damaged. */
async function fill(): Promise<void> {
  mkdirSync(testWorker.path('in'));
  const lines = [...(served.get('lines') ?? []), ...refused('lines')].map((record) => JSON.stringify(record));
  writeFileSync(testWorker.path('in', 'a.ndjson'), `${lines.join('\n')}\n`);
  for (const source of ['api', 'feed', 'lines']) await testWorker.run(source);
  const found = await listDeadLetters(store(), { source: 'api' });
  configure('id || v');
  await replay([found[0]?.id ?? '']);
  configure('id');
  await discardDeadLetter(store(), found[1]?.id ?? '', new Date());
  await writeWindow(store(), window, (await testWorker.run('lines')) satisfies Receipt);
  await writeCanaryReport(store(), { at: new Date().toISOString(), ok: true, workflowId: 'c', lagMs: 5, error: null });
  await storedPauses(store()).write('feed', { by: 'ann', reason: 'maintenance', until: null });
  await testWorker.run('busy');
}

beforeAll(async () => {
  origin = await startOrigin((url, response) => {
    if (url.pathname === '/busy') return void response.writeHead(429, { 'retry-after': '3600' }).end();
    if (url.pathname === '/feed') return void response.end('<rss><channel><item><guid>g</guid></item></channel></rss>');
    response.end(JSON.stringify([...(served.get('api') ?? []), ...refused('api')]));
  });
  testWorker = await TestWorker.createApart(yaml('id'));
  const { host, port, database, user, password } = testWorker.database.settings;
  commands = new CliSandbox(testWorker.folder, {
    PG_HOST: host,
    PG_PORT: String(port),
    PG_DB: database,
    PG_USER: user,
    PG_PASSWORD: password,
    TEMPORAL_ADDRESS: inject('temporalAddress'),
    DAYBOOK_DATA: testWorker.path('data'),
  });
  await fill();
  renameSync(testWorker.path('data'), testWorker.path('whole'));
});
afterAll(async () => {
  await testWorker?.close();
  await origin?.close();
});

/** Brings everything back as it was. */
async function restore(): Promise<void> {
  await testWorker.stopWorker();
  configure('id');
  // The store keeps counting with its database: it is not an older copy.
  const present = existsSync(testWorker.path('data', 'store.json')) ? 'data' : 'whole';
  const identity = readFileSync(testWorker.path(present, 'store.json'));
  rmSync(testWorker.path('data'), { recursive: true, force: true });
  cpSync(testWorker.path('whole'), testWorker.path('data'), { recursive: true });
  writeFileSync(testWorker.path('data', 'store.json'), identity);
}

/** States that lead to the keys of a poll, to the items of a feed, and to places in files: without them those would not be read. */
const remembers = ['api', 'feed', 'lines'].map((source) => storePaths.state.build({ source }));
/** What can still be read of two files of three dead letters each, but for one that was replayed and one discarded. */
const stillWhole: Record<DamageWay, object[]> = {
  'a byte flipped': ['api-y', 'api-z', 'lines-y', 'lines-z'].map((v) => ({ v })),
  'cut in the middle': ['api-x', 'lines-x'].map((v) => ({ v })),
  emptied: [],
  'other JSON': [],
};

/** What a command says, which must not be that it broke. */
async function daybook(...args: string[]) {
  const result = await commands.run(args);
  expect(result.stderr).not.toMatch(/\n\s+at /);
  return result;
}

describe('with every kind of file damaged', () => {
  test.each(Object.keys(damageWays) as DamageWay[])(
    '%s: nothing else is',
    async (way) => {
      await restore();
      const damaged = new Map<string, Buffer>();
      const kinds = new Set<StoreKind>();
      for (const path of await store().list('')) {
        const kind = storeKindOf(path);
        if (kind === null || storedKinds[kind].fate !== 'aside' || remembers.includes(path)) continue;
        // A worker that starts writes the one again; store-pair.test.ts covers the loss of the other.
        if (kind === 'config' || kind === 'identity') continue;
        kinds.add(kind);
        damaged.set(path, damageWays[way](readFileSync(testWorker.path('data', path))));
        writeFileSync(testWorker.path('data', path), damaged.get(path) ?? '');
      }
      const all = (Object.keys(storedKinds) as StoreKind[]).filter((kind) => storedKinds[kind].fate === 'aside');
      // A note of a replay exists only while it is running, a reason only while batches wait, a rule only after `rekey`,
      // the receipt of a delivery only after an outage.
      // Here no source has an export or a for_each: tests of these damage their files.
      const ofExports: StoreKind[] = ['exportJob', 'fanOut', 'queuedParents'];
      const passing: StoreKind[] = [
        ...(['replayNote', 'waitingReason', 'delivery', 'idRule', 'config', 'identity'] as const),
        ...ofExports,
      ];
      expect([...kinds].sort()).toEqual(all.filter((kind) => !passing.includes(kind)).sort());
      // One is read only where the state is older; the other only where no command made the source forget its last poll.
      for (const kind of ['stateEpoch', 'pollKeys'] as const) kinds.delete(kind);

      // Those who only look show the rest, and move nothing.
      const { code, stdout } = await daybook('status', '--json', '--check');
      const status = JSON.parse(stdout) as Status;
      expect(status.sources.map(({ name }) => name)).toEqual(['api', 'busy', 'feed', 'lines']);
      expect(code).toBe(1);
      expect(status.damaged.map(({ path }) => storeKindOf(path))).toEqual(
        expect.arrayContaining(['alert', 'receipt', 'state', 'canaryReport']),
      );
      const listed = await daybook('dead-letters', 'list', '--json');
      const shown = listed.stdout
        .split('\n')
        .filter(Boolean)
        .map((line) => (JSON.parse(line) as { record: object }).record);
      expect(shown).toEqual(stillWhole[way]);
      expect(listed.code).toBe(0);
      expect(listed.stderr).toMatch(/store: dead-letters\/api\/\S+ .*; a worker sets it aside/);
      expect(await daybook('state', 'show', 'api')).toMatchObject({ code: 0 });
      expect((await daybook('dead-letters', 'replay', '--dry-run')).code).toBe(0);
      expect((await store().list('damaged')).length).toBe(0);

      // A worker works on, and sets aside what it meets.
      await testWorker.startWorker();
      const receipts = { api: await testWorker.run('api'), lines: await testWorker.run('lines') };
      expect(await testWorker.run('feed')).toMatchObject({ fetched: 1, rejected: 0 });
      expect(receipts).toMatchObject({ api: { fetched: 6, rejected: 3 }, lines: { fetched: 6, rejected: 3 } });
      // What was stored stays stored, once: in later rounds also what the replays of earlier ones brought.
      expect(await ids('lines')).toEqual(['d', 'e', 'f']);
      expect([
        ['a', 'api-x', 'b', 'c'],
        ['a', 'api-x', 'api-y', 'api-z', 'b', 'c'],
      ]).toContainEqual(await ids('api'));
      expect(await testWorker.worker?.metrics()).toContain('daybook_');
      expect(await testWorker.worker?.statusPage()).toContain('api');
      expect(await chooseWindows(store(), 'lines', [window], 'missing')).toEqual([window]);
      configure('id || v');
      // All that was refused is refused again by the polls above, and passes now.
      expect(await replay()).toMatchObject({ letters: 3, replayed: 3 });
      expect(await ids('api')).toEqual(['a', 'api-x', 'api-y', 'api-z', 'b', 'c']);
      configure('id');
      expect(await rollover()).toMatchObject({ failed: [] });
      // Of some kinds only the latest file is read: unread ones stay where they are, and nothing is lost.
      const aside = async () =>
        (await store().list('damaged')).map((path) => storePaths.damaged.parse(path)?.path ?? '');
      await until('a file of each kind was met', async () => {
        await testWorker.worker?.metrics();
        const met = new Set((await aside()).map(storeKindOf));
        return [...kinds].every((kind) => met.has(kind));
      });
      const moved = new Set(await aside());
      for (const [path, content] of damaged) {
        const where = moved.has(path) ? storePaths.damaged.build({ path, number: 1 }) : path;
        expect((await store().get(where))?.equals(content)).toBe(true);
      }
      const alerts = async () => (await openAlerts(store())).filter(({ name }) => name === 'store');
      expect((await alerts()).map(({ source }) => source).sort()).toEqual(['api', 'busy', 'daybook', 'feed', 'lines']);
      const logged = testWorker.logs.filter(({ event, name }) => event === 'alert' && name === 'store');
      expect(logged.length).toBeGreaterThan(0);

      // It was handled.
      rmSync(testWorker.path('data', 'damaged'), { recursive: true });
      expect(await rollover()).toMatchObject({ failed: [] });
      expect(await alerts()).toEqual([]);
    },
    120_000,
  );
});

describe('a damaged marker', () => {
  const day = 24 * 3_600_000;

  beforeAll(async () => {
    await restore();
    await testWorker.startWorker();
  });

  /** A batch that waits since some days, of a run that is over. */
  async function defer(id: string): Promise<{ marker: string; batch: string }> {
    const record = { sourceId: id, occurredAt: 1_793_500_000_000_000n, payload: '{"a":1}', repaired: false };
    const run = { source: 'lines', workflowId: `scrape-lines-${id}`, firstRunId: `run-${id}` };
    const ingestedAt = new Date(Date.now() - 3 * day);
    const [batch] = await spoolRecords(store(), run, 2, [{ ...record, timeFromRecord: true }], ingestedAt);
    if (!batch) throw new Error('no batch');
    await markDeferred(store(), 'postgres', { batch, reason: 'away', since: ingestedAt.toISOString() });
    return { marker: storePaths.marker.build({ sink: 'postgres', ...batch }), batch: storePaths.batch.build(batch) };
  }

  test.each(Object.keys(damageWays) as DamageWay[])(
    '(%s) costs nothing: its records arrive, also after the sweep of days later',
    async (way) => {
      const id = `marker-${way}`;
      const { marker, batch } = await defer(id);
      writeFileSync(testWorker.path('data', marker), damageWays[way](readFileSync(testWorker.path('data', marker))));
      const at = new Date(Date.now() - 2 * day);
      for (const path of [marker, batch]) utimesSync(testWorker.path('data', path), at, at);
      expect(await rollover()).toMatchObject({ failed: [], deliverers: 1 });
      await until('its record is there', async () => (await ids('lines')).includes(id));
      await until('nothing waits', async () => (await store().list('deferred')).length === 0);
      expect((await openAlerts(store())).map(({ name }) => name)).not.toContain('store');
    },
  );

  test('that cannot be rebuilt does not block others, and is named; its batch is not swept', async () => {
    const bad = await defer('bad');
    const good = await defer('good');
    writeFileSync(testWorker.path('data', bad.marker), '');
    writeFileSync(testWorker.path('data', bad.batch), 'no batch\n');
    const at = new Date(Date.now() - 2 * day);
    for (const path of [bad.marker, bad.batch, good.marker, good.batch])
      utimesSync(testWorker.path('data', path), at, at);
    expect(await rollover()).toMatchObject({ failed: [] });
    await until('the other is delivered', async () => (await ids('lines')).includes('good'));
    await until('it is named', async () =>
      (await openAlerts(store())).some(({ name, message }) => name === 'store' && message.includes(bad.marker)),
    );
    await until('the deliverer has ended', async () => {
      const { status } = await testWorker.client.workflow.getHandle('deliver-postgres-lines').describe();
      return status.name === 'COMPLETED';
    });
    expect(await store().list('deferred')).toEqual([bad.marker]);
    expect(await store().list('spool')).toContain(bad.batch);
    expect((await daybook('status')).stdout).toContain(`damaged: ${bad.marker}`);
    // What waits later is delivered, though the damaged one is still there.
    rmSync(testWorker.path('data', bad.marker));
    expect(await rollover()).toMatchObject({ failed: [] });
    expect((await openAlerts(store())).map(({ name }) => name)).not.toContain('store');
  });
});
