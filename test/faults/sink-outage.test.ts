import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import type { SourceState } from '../../src/domain/state.ts';
import { Rig } from '../support/rig.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import type { Progress } from '../../src/workflows/messages.ts';
import { until } from '../support/until.ts';

const records = 30_000;
let rig: Rig;
let proxy: TcpProxy;

beforeAll(async () => {
  const { host, port } = inject('postgres');
  proxy = await startTcpProxy(host, port);
  rig = await Rig.create(
    'version: 1\nsources: [{ name: lines, type: file, path: lines.ndjson, id: id, occurred_at: at }]',
  );
  await rig.stopWorker();
  rig.postgresThrough = { host: '127.0.0.1', port: proxy.port };
  await rig.startWorker();
});
afterAll(async () => {
  await rig.close();
  await proxy.close();
});

let prefix = 0;
beforeEach(() => {
  prefix++;
  const line = (n: number) => `{"id":"${prefix}-${n}","at":"2026-11-0${1 + (n % 5)}T00:00:00Z"}\n`;
  writeFileSync(rig.path('lines.ndjson'), Array.from({ length: records }, (_, n) => line(n)).join(''));
  rmSync(rig.path('data', 'state'), { recursive: true, force: true });
});

const stored = () => rig.database.count('select count(*) from raw_events where source_id like $1', [`${prefix}-%`]);
const journal = () =>
  new Set(rig.csv('lines').flatMap((row) => (row['source_id']?.startsWith(`${prefix}-`) ? [row['source_id']] : [])))
    .size;
const statePath = () => rig.path('data', 'state', 'lines.json');

/** As if the run before had found the sink down: the next one tries once only. */
async function rememberSinkDown(sink: 'csv' | 'postgres'): Promise<void> {
  writeFileSync(rig.path('first.txt'), readFileSync(rig.path('lines.ndjson')));
  writeFileSync(rig.path('lines.ndjson'), '');
  await rig.run('lines');
  writeFileSync(rig.path('lines.ndjson'), readFileSync(rig.path('first.txt')));
  const state = JSON.parse(readFileSync(statePath(), 'utf8')) as SourceState;
  writeFileSync(statePath(), JSON.stringify({ ...state, sinkDownSince: { [sink]: '2026-11-01T00:00:00.000Z' } }));
}

describe('PostgreSQL', () => {
  test('away for some seconds in mid-run costs nothing but time', async () => {
    const handle = await rig.start({ source: 'lines' });
    await until('something is written', async () => (await stored()) > 0);
    proxy.down();
    await sleep(3_000);
    proxy.up();
    expect(await handle.result()).toMatchObject({ outcome: 'ok', postgres: { written: records, duplicate: 0 } });
    expect(await stored()).toBe(records);
  });

  test('that was down at the last run, but takes batches again, is given the usual patience', async () => {
    await rememberSinkDown('postgres');
    const handle = await rig.start({ source: 'lines' });
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
    expect(await rig.run('lines')).toMatchObject({ outcome: 'ok', postgres: { written: records, duplicate: 0 } });
    expect(await stored()).toBe(records);
  });

  test('that stays away fails the run; nothing is lost, and the next run stores it all', async () => {
    await rememberSinkDown('postgres');
    proxy.down();
    const { type, receipt } = await rig.runToFailure('lines');
    expect(type).toBe('SinkUnavailable');
    expect(receipt?.resume.offset).toBe(0);
    const state = JSON.parse(readFileSync(statePath(), 'utf8')) as SourceState;
    expect(state.sinkDownSince).toEqual({ postgres: '2026-11-01T00:00:00.000Z' });
    proxy.up();
    expect(await rig.run('lines')).toMatchObject({ fetched: records, postgres: { written: records } });
    expect(await stored()).toBe(records);
    expect(journal()).toBe(records);
    expect((JSON.parse(readFileSync(statePath(), 'utf8')) as SourceState).sinkDownSince).toEqual({});
  });

  test('without its tables fails the run with what to do', async () => {
    await rig.database.pool.query('alter table raw_event_keys rename to keys_away');
    const { type, message } = await rig.runToFailure('lines');
    expect(type).toBe('SinkMisconfigured');
    expect(message).toContain('./daybook migrate');
    await rig.database.pool.query('alter table keys_away rename to raw_event_keys');
    expect(await rig.run('lines')).toMatchObject({ postgres: { written: records } });
  });
});

test('a CSV folder that cannot be written fails the run; the next run writes it all', async () => {
  await rememberSinkDown('csv');
  rmSync(rig.path('data', 'csv'), { recursive: true });
  writeFileSync(rig.path('data', 'csv'), 'in the way');
  const { type, message } = await rig.runToFailure('lines');
  expect(type).toBe('SinkUnavailable');
  expect(message).toContain(rig.path('data', 'csv'));
  rmSync(rig.path('data', 'csv'));
  mkdirSync(rig.path('data', 'csv'));
  await rig.run('lines');
  expect(await stored()).toBe(records);
  expect(journal()).toBe(records);
});
