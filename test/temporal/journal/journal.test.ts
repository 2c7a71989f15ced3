import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { WorkflowFailedError } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { JournalReplayTally } from '../../../src/domain/storage/journal.ts';
import { resetDatabase } from '../../../src/sinks/postgres/commands/reset.ts';
import type { JournalProgress } from '../../../src/workflows/messages.ts';
import type { RolloverResult } from '../../../src/workflows/rollover/partition-rollover.ts';
import { csvRows } from '../../support/csv-rows.ts';
import { TestWorker } from '../../support/test-worker.ts';
import type { TcpProxy } from '../../support/servers/tcp-proxy.ts';
import { until } from '../../support/until.ts';

let testWorker: TestWorker;
let proxy: TcpProxy;
const past = '2026-11-20';
const yaml = (more = '') =>
  `version: 1\n${more}\nsources: [{ name: lines, type: file, path: lines.ndjson, id: id, occurred_at: at }]`;

beforeAll(async () => {
  testWorker = await TestWorker.prepareApart(yaml());
  proxy = await testWorker.proxyPostgres();
});
afterAll(async () => {
  await testWorker.close();
  await proxy.close();
});
afterEach(async () => {
  testWorker.clearData();
  testWorker.configure(yaml());
  await resetDatabase(testWorker.database.settings, false);
});

const lines = (prefix: string, count: number) =>
  Array.from(
    { length: count },
    (_, n) => `{"id":"${prefix}${n}","at":"2026-11-0${1 + (n % 5)}T00:00:00Z","t":"é,\\"x\\"\\n"}\n`,
  );

/** Polls the file, and lets it have been on a past day. */
async function ingest(prefix: string, count: number, day = past): Promise<void> {
  writeFileSync(testWorker.path('lines.ndjson'), lines(prefix, count).join(''));
  rmSync(testWorker.path('data', 'state'), { recursive: true, force: true });
  await testWorker.run('lines');
  const from = testWorker.path('data', 'csv', 'lines', new Date().toISOString().slice(0, 10));
  mkdirSync(testWorker.path('data', 'csv', 'lines', day), { recursive: true });
  for (const name of readdirSync(from))
    renameSync(`${from}/${name}`, testWorker.path('data', 'csv', 'lines', day, name));
  rmSync(from, { recursive: true });
}

let count = 0;
async function rollover(dryRun = false): Promise<RolloverResult> {
  return testWorker.client.workflow.execute('partitionRollover', {
    workflowId: `rollover-${testWorker.taskQueue}-${count++}`,
    taskQueue: testWorker.taskQueue,
    args: [{ dryRun }],
  }) as Promise<RolloverResult>;
}

const startReplay = (input: object = {}) =>
  testWorker.client.workflow.start('replayCsv', {
    workflowId: `replay-${testWorker.taskQueue}-${count++}`,
    taskQueue: testWorker.taskQueue,
    args: [input],
  });
const replay = async (input: object = {}) => (await (await startReplay(input)).result()) as JournalReplayTally;
const failure = async (promise: Promise<unknown>) =>
  (await promise.catch((error: unknown) => error)) as WorkflowFailedError & {
    cause: { type: string; message: string; details: JournalReplayTally[]; cause?: unknown };
  };
const stored = () => testWorker.database.count('select count(*) from raw_events');
const sealed = () => testWorker.path('data', 'csv', 'lines', `${past}.csv.gz`);
const sealedRows = () => csvRows(gunzipSync(readFileSync(sealed())).toString());

describe('the rollover', () => {
  test('shows which days it would seal, seals them, and seals a day again when a part comes late', async () => {
    await ingest('a', 10);
    expect((await rollover(true)).csv).toMatchObject({ sealed: [`lines ${past}`], sealedCount: 1 });
    expect(testWorker.files('data', 'csv', 'lines', past)).toHaveLength(1);
    expect((await rollover()).csv).toMatchObject({ sealed: [`lines ${past}`], waiting: [] });
    expect(sealedRows()).toHaveLength(10);
    await ingest('b', 5);
    const [first, second] = await Promise.all([rollover(), rollover()]);
    expect([first.csv?.sealedCount, second.csv?.sealedCount]).toContain(1);
    expect(sealedRows()).toHaveLength(15);
    expect(testWorker.files('data', 'csv').map((path) => path.split('/').at(-1))).toEqual([
      `${past}.csv.gz`,
      `${past}.json`,
    ]);
    expect((await rollover()).csv).toMatchObject({ sealed: [], sealedCount: 0 });
  });

  test('skips a day with a batch deferred for the CSV folder', async () => {
    await ingest('a', 3);
    const marker = testWorker.path('data', 'deferred', 'csv', 'lines', '20261120T120000000Z-ab.json');
    mkdirSync(dirname(marker), { recursive: true });
    writeFileSync(marker, '{"batch":{"source":"lines"}}');
    // Started deliverers would mistake it for a batch.
    expect((await rollover(true)).csv).toMatchObject({ sealed: [], waiting: [`lines ${past}`] });
    rmSync(testWorker.path('data', 'deferred'), { recursive: true });
    expect((await rollover()).csv).toMatchObject({ sealed: [`lines ${past}`], waiting: [] });
  });

  test('opens an alert for a damaged day, seals the others and deletes nothing; the alert resolves after the repair', async () => {
    await ingest('a', 3);
    await rollover();
    const good = readFileSync(sealed());
    await ingest('b', 3);
    await ingest('c', 3, '2026-11-21');
    const bad = Buffer.from(good);
    bad[bad.length - 6] = (bad.at(-6) ?? 0) ^ 1;
    writeFileSync(sealed(), bad);
    expect((await rollover()).failed).toEqual([
      {
        step: 'seal CSV days',
        day: null,
        message: expect.stringMatching(/lines\/2026-11-20\.csv\.gz line \d+: incorrect data check/) as string,
      },
    ]);
    expect(testWorker.files('data', 'csv', 'lines', past)).toHaveLength(1);
    expect(readFileSync(sealed()).equals(bad)).toBe(true);
    expect(testWorker.files('data', 'csv', 'lines', '2026-11-21')).toEqual([]);
    const alert = () => testWorker.files('data', 'alerts', 'lines').filter((path) => path.endsWith('journal.json'));
    expect(JSON.parse(readFileSync(alert()[0] ?? '', 'utf8'))).toMatchObject({ state: 'open' });
    writeFileSync(sealed(), good);
    await rollover();
    expect(JSON.parse(readFileSync(alert()[0] ?? '', 'utf8'))).toMatchObject({ state: 'resolved' });
    expect(sealedRows()).toHaveLength(6);
  });

  test('deletes sealed days and dead letters that are older than their retention', async () => {
    await ingest('a', 3, '2026-10-01');
    await ingest('b', 3);
    for (const age of ['old', 'new']) {
      const path = testWorker.path('data', 'dead-letters', 'lines', age, '0.ndjson');
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, '');
      if (age === 'old') utimesSync(path, new Date('2026-10-01'), new Date('2026-10-01'));
    }
    testWorker.configure(yaml('csv: { retention: 20d }\ndead_letters: { retention: 20d }'));
    await rollover();
    expect((await rollover(true)).csv).toMatchObject({ deleted: [], deadLetters: 0 });
    expect(testWorker.files('data', 'csv').map((path) => path.split('/').at(-1))).toEqual([
      `${past}.csv.gz`,
      `${past}.json`,
    ]);
    expect(testWorker.files('data', 'dead-letters').map((path) => path.split('/').at(-2))).toEqual(['new']);
  });
});

describe('replayCsv', () => {
  test('fills an emptied database from sealed days and parts; again, all are duplicates', async () => {
    await ingest('a', 5_500);
    await rollover();
    await ingest('b', 500);
    await ingest('c', 100, '2026-11-21');
    const rows = () =>
      testWorker.database.rows(`select source_id, occurred_at, payload from raw_events order by source_id`);
    const before = await rows();
    await resetDatabase(testWorker.database.settings, true);
    expect(await replay()).toEqual({
      units: 2,
      records: 6_100,
      damaged: [],
      damagedCount: 0,
      postgres: {
        written: 6_100,
        duplicate: 0,
        refused: 0,
        expired: 0,
        deferred: 0,
      },
    });
    expect(await rows()).toEqual(before);
    expect((await replay({ source: 'lines' })).postgres).toMatchObject({ written: 0, duplicate: 6_100 });
    expect((await failure(replay({ source: 'other' }))).cause).toMatchObject({ type: 'UnknownSource' });
  });

  test('replays records of the requested time, counts those of retired days, and keeps refused ones', async () => {
    await ingest('a', 10);
    await resetDatabase(testWorker.database.settings, true);
    await testWorker.database.rows(`update raw_event_floor set retired_before = '2026-11-03'`);
    const part = testWorker.path('data', 'csv', 'lines', past, '20261120T000000000Z-00.csv');
    writeFileSync(part, 'source,source_id,occurred_at,payload\nlines,bad,2026-11-04T00:00:00.000000Z,{no json\n');
    const window = { from: '2026-11-02T00:00:00.000000Z', to: '2026-11-05T00:00:00.000000Z' };
    expect((await replay({ window })).postgres).toMatchObject({ written: 4, expired: 2, refused: 1 });
    expect(await stored()).toBe(4);
    const [letters] = testWorker.files('data', 'dead-letters');
    expect(JSON.parse(readFileSync(letters ?? '', 'utf8'))).toMatchObject({ reason: 'unstorable', record: '{no json' });
  });

  test('reads archives on request', async () => {
    mkdirSync(testWorker.path('data', 'archives'), { recursive: true });
    const header = 'id,source,source_id,occurred_at,payload,created_at,processed\n';
    const row = (id: string, source: string) =>
      `"1","${source}","${id}","2026-11-24 10:00:00.123456+00","{""a"": ""b""}","2026-11-24 10:00:01+00","f"\n`;
    writeFileSync(
      testWorker.path('data', 'archives', '2026-11-24.csv.gz'),
      gzipSync(header + row('x', 'one') + row('y', 'two') + row('z', 'one')),
    );
    expect((await replay()).records).toBe(0);
    expect((await replay({ archives: true, source: 'one' })).postgres.written).toBe(2);
    expect((await replay({ archives: true })).postgres).toMatchObject({ written: 1, duplicate: 2 });
    expect(
      await testWorker.database.rows(
        `select source, source_id, occurred_at, payload from raw_events where source = 'two'`,
      ),
    ).toEqual([{ source: 'two', source_id: 'y', occurred_at: '2026-11-24 10:00:00.123456+00', payload: '{"a": "b"}' }]);
  });

  test('continues when PostgreSQL is back, and a replaced worker loses nothing', async () => {
    await ingest('a', 12_000);
    await resetDatabase(testWorker.database.settings, true);
    const handle = await startReplay();
    await until('some are written', async () => (await stored()) > 0);
    proxy.down();
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    proxy.up();
    await until('more are written', async () => (await stored()) > 5_000);
    await testWorker.stopWorker();
    await testWorker.startWorker();
    const tally = (await handle.result()) as JournalReplayTally;
    expect(tally).toMatchObject({ records: 12_000, postgres: { written: 12_000, duplicate: 0 } });
    expect(await stored()).toBe(12_000);
  });

  test('replays what can be read of a damaged file, then fails with its counts and the position', async () => {
    await ingest('a', 10);
    await resetDatabase(testWorker.database.settings, true);
    const [part = ''] = testWorker.files('data', 'csv', 'lines', past);
    writeFileSync(part, readFileSync(part, 'utf8').replace('2026-11-02', '2026-11-32'));
    const { cause } = await failure(replay());
    expect(cause).toMatchObject({
      type: 'DamagedFile',
      message: expect.stringMatching(/csv line \d+: occurred_at/) as string,
    });
    expect(cause.details[0]).toMatchObject({ records: 9, postgres: { written: 9 }, damagedCount: 1 });
  });

  test('can be paused and cancelled', async () => {
    await ingest('a', 10);
    const handle = await testWorker.client.workflow.signalWithStart('replayCsv', {
      workflowId: `replay-${testWorker.taskQueue}-${count++}`,
      taskQueue: testWorker.taskQueue,
      args: [{}],
      signal: 'pause',
      signalArgs: [{ reason: 'wait' }],
    });
    await until('it is paused', async () => (await handle.query<JournalProgress>('progress')).left === 1);
    expect((await handle.query<JournalProgress>('progress')).paused?.reason).toBe('wait');
    await handle.cancel();
    const error = await failure(testWorker.client.workflow.getHandle(handle.workflowId).result());
    expect(error.cause).toMatchObject({ name: 'CancelledFailure' });
  });

  test.each([{ source: '../x' }, { window: { from: 'a', to: 'b' } }, { archives: 1 }])('refuses %j', async (input) => {
    expect((await failure(replay(input))).cause).toMatchObject({ type: 'InvalidInput' });
  });
});
