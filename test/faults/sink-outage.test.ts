import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { BatchRef } from '../../src/domain/run/batch.ts';
import type { SourceState } from '../../src/domain/state/source-state.ts';
import { TestWorker } from '../support/test-worker.ts';
import type { TcpProxy } from '../support/servers/tcp-proxy.ts';
import type { Progress } from '../../src/workflows/messages.ts';
import { until } from '../support/until.ts';

/** Of three batches. */
const records = 11_000;
let testWorker: TestWorker;
let proxy: TcpProxy;

beforeAll(async () => {
  testWorker = await TestWorker.prepareApart(
    'version: 1\nsources: [{ name: lines, type: file, path: lines.ndjson, id: id, occurred_at: at }]',
  );
  proxy = await testWorker.proxyPostgres();
});
afterAll(async () => {
  await testWorker.close();
  await proxy.close();
});

let prefix = 0;
beforeEach(() => {
  testWorker.logs.length = 0;
  prefix++;
  const line = (n: number) => `{"id":"${prefix}-${n}","at":"2026-11-0${1 + (n % 5)}T00:00:00Z"}\n`;
  writeFileSync(testWorker.path('lines.ndjson'), Array.from({ length: records }, (_, n) => line(n)).join(''));
  rmSync(testWorker.path('data', 'state'), { recursive: true, force: true });
});

const stored = () =>
  testWorker.database.count('select count(*) from raw_events where source_id like $1', [`${prefix}-%`]);
const journal = () =>
  new Set(
    testWorker.csv('lines').flatMap((row) => (row['source_id']?.startsWith(`${prefix}-`) ? [row['source_id']] : [])),
  ).size;
async function openDeliveries(): Promise<string[]> {
  const found: string[] = [];
  const query = `WorkflowType = 'deliver' AND ExecutionStatus = 'Running'`;
  for await (const { workflowId } of testWorker.client.workflow.list({ query })) found.push(workflowId);
  return found;
}
/** Logs come a little later. */
const alerted = (fields: object) =>
  vi.waitFor(
    () =>
      expect(testWorker.logs).toContainEqual(expect.objectContaining({ event: 'alert', source: 'lines', ...fields })),
    { timeout: 20_000 },
  );
const markers = (sink: string) =>
  testWorker.files('data').filter((path) => path.includes(`/deferred/${sink}/lines/`)).length;
/** A refused deliverer rests for half a minute; a starting worker starts a new one, and none of the activity of the old one is left. */
async function deliverNow(): Promise<void> {
  // The watch of the sink may have been quicker: then it has ended.
  await testWorker.client.workflow
    .getHandle('deliver-postgres-lines')
    .terminate()
    .catch(() => undefined);
  await testWorker.stopWorker();
  await testWorker.startWorker();
}
const statePath = () => testWorker.path('data', 'state', 'lines.json');

/** As if the run before had found the sink down: the next one tries once only. */
async function rememberSinkDown(sink: 'csv' | 'postgres'): Promise<void> {
  writeFileSync(testWorker.path('first.txt'), readFileSync(testWorker.path('lines.ndjson')));
  writeFileSync(testWorker.path('lines.ndjson'), '');
  await testWorker.run('lines');
  writeFileSync(testWorker.path('lines.ndjson'), readFileSync(testWorker.path('first.txt')));
  const state = JSON.parse(readFileSync(statePath(), 'utf8')) as SourceState;
  writeFileSync(statePath(), JSON.stringify({ ...state, sinkDownSince: { [sink]: '2026-11-01T00:00:00.000Z' } }));
}

describe('PostgreSQL', () => {
  test('unavailable for some seconds during a run only costs time', async () => {
    const handle = await testWorker.start({ source: 'lines' });
    await until('something is written', async () => (await stored()) > 0);
    proxy.down();
    await sleep(2_000);
    proxy.up();
    expect(await handle.result()).toMatchObject({ outcome: 'ok', postgres: { written: records, duplicate: 0 } });
    expect(await stored()).toBe(records);
  });

  test('that was down at the last run, but accepts batches again, gets the usual retries', async () => {
    await rememberSinkDown('postgres');
    const handle = await testWorker.start({ source: 'lines' });
    await until('a batch is settled', async () => {
      const { counts } = await handle.query<Progress>('progress');
      return (counts?.batches ?? 0) > 0;
    });
    proxy.down();
    await sleep(1_500);
    proxy.up();
    expect(await handle.result()).toMatchObject({ outcome: 'ok', postgres: { written: records } });
    expect(await stored()).toBe(records);
  });

  test('whose answers are lost still reports what it did', async () => {
    // A chunk's parameters hold its ids, however its statement is sent.
    proxy.loseAnswersTo(`${prefix}-1`, 3);
    expect(await testWorker.run('lines')).toMatchObject({
      outcome: 'ok',
      postgres: { written: records, duplicate: 0 },
    });
    expect(await stored()).toBe(records);
  });

  test('that stays unavailable defers what was fetched, and receives it as soon as it is back; no run fails', async () => {
    await rememberSinkDown('postgres');
    proxy.down();
    const first = await testWorker.run('lines');
    expect(first).toMatchObject({
      outcome: 'deferred',
      accepted: records,
      postgres: { written: 0, deferred: records },
    });
    expect(first.csv).toMatchObject({ written: records, deferred: 0 });
    const state = JSON.parse(readFileSync(statePath(), 'utf8')) as SourceState;
    expect(state.sinkDownSince).toEqual({ postgres: '2026-11-01T00:00:00.000Z' });
    expect(state.file?.lines).toEqual(records);
    expect(markers('postgres')).toBe(first.batches);
    await alerted({ state: 'open', name: 'deferred_postgres' });
    appendFileSync(testWorker.path('lines.ndjson'), `{"id":"${prefix}-more","at":"2026-11-01T00:00:00Z"}\n`);
    expect(await testWorker.run('lines')).toMatchObject({ outcome: 'deferred', accepted: 1 });
    expect(await openDeliveries()).toEqual(['deliver-postgres-lines']);
    proxy.up();
    expect(await testWorker.client.workflow.getHandle('deliver-postgres-lines').result()).toMatchObject({
      batches: first.batches + 1,
      counts: {
        written: records + 1,
        deferred: 0,
      },
    });
    expect(await stored()).toBe(records + 1);
    expect(journal()).toBe(records + 1);
    expect(markers('postgres')).toBe(0);
    await alerted({ state: 'resolved', name: 'deferred_postgres' });
    expect(testWorker.files('data').filter((path) => path.includes('/deliveries/lines/'))).not.toEqual([]);
  });

  test('without its tables defers what was fetched, with what to do; the worker that starts later delivers it', async () => {
    await testWorker.database.pool.query('alter table raw_event_keys rename to keys_away');
    expect(await testWorker.run('lines')).toMatchObject({ outcome: 'deferred', postgres: { deferred: records } });
    await alerted({
      state: 'open',
      name: 'deferred_postgres',
      message: expect.stringContaining('./daybook migrate') as string,
    });
    await testWorker.database.pool.query('alter table keys_away rename to raw_event_keys');
    await deliverNow();
    await until('everything is delivered', () => markers('postgres') === 0, 30_000);
    expect(await stored()).toBe(records);
  });

  test('a batch that is refused for its content does not block others', async () => {
    const { pool } = testWorker.database;
    const file = readFileSync(testWorker.path('lines.ndjson'));
    // More than half of a batch alike: that is not a row's fault, and needs an operator.
    await pool.query(`alter table raw_events add constraint no_poison check (payload ->> 'poison' is null)`);
    const poison = (n: number) => `{"id":"${prefix}-p${n}","at":"2026-11-01T00:00:00Z","poison":1}\n`;
    writeFileSync(testWorker.path('lines.ndjson'), Array.from({ length: 30 }, (_, n) => poison(n)).join(''));
    expect(await testWorker.run('lines')).toMatchObject({ outcome: 'deferred', postgres: { deferred: 30 } });
    rmSync(testWorker.path('data', 'state'), { recursive: true });
    writeFileSync(testWorker.path('lines.ndjson'), file);
    await pool.query('alter table raw_event_keys rename to keys_away');
    expect(await testWorker.run('lines')).toMatchObject({ outcome: 'deferred', postgres: { deferred: records } });
    await pool.query('alter table keys_away rename to raw_event_keys');
    await deliverNow();
    await until('all others are delivered', () => markers('postgres') === 1, 30_000);
    expect(await stored()).toBe(records);
    // An attempt that sees the constraint go would refuse the rows that it has tried before.
    await until('no attempt is running', async () => {
      const { raw } = await testWorker.client.workflow.getHandle('deliver-postgres-lines').describe();
      return (raw.pendingActivities ?? []).length === 0;
    });
    await pool.query('alter table raw_events drop constraint no_poison');
    await deliverNow();
    await until('that one is delivered', () => markers('postgres') === 0, 30_000);
    expect(await stored()).toBe(records + 30);
  });

  test('a batch that is gone from the spool opens an alert, and does not block others', async () => {
    await rememberSinkDown('postgres');
    proxy.down();
    await testWorker.run('lines');
    const [marker = ''] = testWorker.files('data', 'deferred', 'postgres', 'lines');
    const { batch } = JSON.parse(readFileSync(marker, 'utf8')) as { batch: BatchRef };
    rmSync(testWorker.files('data', 'spool').find((path) => path.endsWith(batch.hash)) ?? '');
    proxy.up();
    await testWorker.client.workflow.getHandle('deliver-postgres-lines').result();
    expect(markers('postgres')).toBe(0);
    expect(testWorker.files('data').filter((path) => path.includes('/lost/postgres/lines/'))).toHaveLength(1);
    await alerted({ name: 'batch_gone' });
    expect(await stored()).toBe(records - batch.records);
  });
});

test('an unwritable CSV folder defers what was fetched, and receives it once it is writable', async () => {
  await rememberSinkDown('csv');
  rmSync(testWorker.path('data', 'csv'), { recursive: true });
  writeFileSync(testWorker.path('data', 'csv'), 'in the way');
  expect(await testWorker.run('lines')).toMatchObject({ outcome: 'deferred', csv: { deferred: records } });
  await alerted({ name: 'deferred_csv', message: expect.stringContaining(testWorker.path('data', 'csv')) as string });
  expect(await stored()).toBe(records);
  rmSync(testWorker.path('data', 'csv'));
  mkdirSync(testWorker.path('data', 'csv'));
  await testWorker.client.workflow.getHandle('deliver-csv-lines').result();
  expect(journal()).toBe(records);
  expect(markers('csv')).toBe(0);
});
