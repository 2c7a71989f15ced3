import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SinkMisconfigured } from '../../../src/domain/errors.ts';
import { timesOf } from '../../../src/cli/commands/database/partitions.ts';
import {
  coveredDays,
  describePartitions,
  ensureAhead,
  missingAhead,
  requirePartitions,
} from '../../../src/sinks/postgres/days/partitions.ts';
import { resetDatabase } from '../../../src/sinks/postgres/commands/reset.ts';
import { createDatabase, type TestDatabase } from '../../support/servers/database.ts';
import { until } from '../../support/until.ts';
import { attempt, batchOf, record, rejection } from '../batches.ts';
import { servers } from '../servers.ts';

describe.each(servers)('partitions changed by others, on $name', ({ server }) => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await createDatabase(server);
  });
  afterEach(async () => database.drop());

  const content = [record('a', '2026-11-01'), record('b', '2026-11-02'), record('c', '2026-11-03')];
  const placed = async () => {
    const rows = await database.rows(
      `select source_id || ' ' || tableoid::regclass::text as place from raw_events order by occurred_at`,
    );
    return rows.map(({ place }) => place);
  };
  const partition = (name: string, from: string, to: string) =>
    database.rows(`create table ${name} partition of raw_events for values from (${from}) to (${to})`);

  test('partitions that cover a day together take its rows, whatever they are called', async () => {
    await partition('november', `'2026-11-02 00:00:00+00'`, `'2026-12-01 00:00:00+00'`);
    await partition('early', 'minvalue', `'2026-11-01 06:00:00+00'`);
    await partition('late', `'2026-11-01 06:00:00+00'`, `'2026-11-02 00:00:00+00'`);
    const all = [...content, record('d', '2026-11-01T05:59:59.999999Z'), record('e', '2026-12-01')];
    expect((await attempt(database.pool, batchOf('hand', all), all)).counts.written).toBe(5);
    expect(await placed()).toEqual(['d early', 'a late', 'b november', 'c november', 'e raw_events_2026_12_01']);
    const days = ['2026-10-31', '2026-11-01', '2026-11-30', '2026-12-01', '2026-12-02'];
    expect([...(await coveredDays(database.pool, 'public', days))]).toEqual(days.slice(0, 4));
    const now = new Date('2026-11-29T12:00:00Z');
    expect(await missingAhead(database.pool, 'public', 3, now)).toEqual(['2026-12-02']);
    expect(await ensureAhead(database.pool, 'public', 3, now)).toEqual(['2026-12-02']);
    await resetDatabase(database.settings, true);
    expect(await placed()).toEqual([]);
    expect((await attempt(database.pool, batchOf('hand', all), all)).counts.written).toBe(5);
  });

  test('a day that is being detached does not block a list of the days', async () => {
    await requirePartitions(database.pool, 'public', ['2026-11-01', '2026-11-02']);
    const [reader, owner, writer] = await Promise.all([1, 2, 3].map(() => database.pool.connect()));
    if (!reader || !owner || !writer) throw new Error('expected three connections');
    const detach = 'alter table raw_events detach partition raw_events_2026_11_01';
    try {
      await reader.query('begin; select from raw_events');
      await owner.query(`set lock_timeout = '100ms'`);
      expect((await rejection(owner.query(`${detach} concurrently`))).message).toContain('lock timeout');
      await owner.query(`set lock_timeout = 0`);
      const detached = owner.query(`${detach} finalize`);
      await until('it waits for the reader', async () =>
        database.count(`select count(*) from pg_locks where not granted and mode = 'AccessExclusiveLock'`),
      );
      // The plan in which the partition's bounds would be looked at before it is known to be detached.
      await writer.query(`set lock_timeout = '500ms'; set enable_nestloop = off; set enable_mergejoin = off`);
      const { rows } = await writer.query('select name from raw_event_ranges()');
      expect(rows).toEqual([{ name: 'raw_events_2026_11_02' }]);
      await reader.query('commit');
      await detached;
    } finally {
      for (const client of [reader, owner, writer]) client.release(true);
    }
  });

  test('partitions made by hand are listed, with what they stand for, in order of times', async () => {
    await partition('november', `'2026-11-02 00:00:00+00'`, `'2026-12-01 00:00:00+00'`);
    await partition('early', 'minvalue', `'2026-11-01 06:00:00+00'`);
    await partition('far', `'2027-01-01 00:00:00+00'`, 'maxvalue');
    await database.rows('create table other partition of raw_events default');
    await requirePartitions(database.pool, 'public', ['2026-12-01']);
    const facts = await describePartitions(database.pool, 'public');
    expect(facts.map(({ partition: name, day, from, to }) => [name, day, from, to])).toEqual([
      ['early', null, null, '2026-11-01T06:00:00.000Z'],
      ['november', null, '2026-11-02T00:00:00.000Z', '2026-12-01T00:00:00.000Z'],
      ['raw_events_2026_12_01', '2026-12-01', '2026-12-01T00:00:00.000Z', '2026-12-02T00:00:00.000Z'],
      ['far', null, '2027-01-01T00:00:00.000Z', null],
    ]);
    expect(facts.map(timesOf)).toEqual([
      '… to 2026-11-01T06:00:00.000Z',
      '2026-11-02 to 2026-12-01',
      '2026-12-01',
      '2027-01-01 to …',
    ]);
  });

  test('a DEFAULT partition that holds rows of a day takes the others, too', async () => {
    await database.rows('create table other partition of raw_events default');
    await database.rows(
      `insert into raw_events (source, source_id, occurred_at, payload) values ('x', 'x', '2026-11-02', '1')`,
    );
    expect((await attempt(database.pool, batchOf('hand', content), content)).counts.written).toBe(3);
    expect(await placed()).toEqual(['a raw_events_2026_11_01', 'x other', 'b other', 'c raw_events_2026_11_03']);
  });

  test.each([
    [
      'a day that was detached',
      `select ensure_partition('2026-11-02'); alter table raw_events detach partition raw_events_2026_11_02`,
      /2026-11-02.*detached by hand.*alter table public.raw_events attach partition public.raw_events_2026_11_02 for values/,
    ],
    [
      'another table',
      'create table raw_events_2026_11_02 (n int)',
      /2026-11-02.*found a table raw_events_2026_11_02 that Daybook did not make.*rename it/,
    ],
    [
      'a view',
      'create view raw_events_2026_11_02 as select 1 as one',
      /found a view raw_events_2026_11_02 .*rename it/,
    ],
    [
      'a partition of some hours',
      `create table noon partition of raw_events for values from ('2026-11-02 12:00:00+00') to ('2026-11-02 13:00:00+00')`,
      /2026-11-02.*a part of the day \(noon\)/,
    ],
    [
      'an event trigger that forbids tables',
      `select ensure_partition('2026-11-01'); select ensure_partition('2026-11-03');
       create function forbid() returns event_trigger language plpgsql as 'begin raise exception ''no new tables, ask Ann''; end';
       create event trigger forbid on ddl_command_start when tag in ('CREATE TABLE') execute function forbid()`,
      /2026-11-02.*no new tables, ask Ann.*event trigger/,
    ],
  ])('%s instead of a day is named, and blocks no other day', async (_, statements, message) => {
    await database.rows(statements);
    const batch = batchOf('hand', content);
    for (let attempts = 0; attempts < 2; attempts++) {
      const error = await rejection(attempt(database.pool, batch, content));
      expect(error).toBeInstanceOf(SinkMisconfigured);
      expect(error.message).toMatch(message);
      expect(await placed()).toEqual(['a raw_events_2026_11_01', 'c raw_events_2026_11_03']);
    }
    await database.rows(
      `drop event trigger if exists forbid; drop table if exists noon;
       do $$ begin
         execute (select format('alter %s raw_events_2026_11_02 rename to aside', case relkind when 'v' then 'view' else 'table' end)
                  from pg_class where relname = 'raw_events_2026_11_02');
       exception when null_value_not_allowed then null; end $$`,
    );
    expect((await attempt(database.pool, batch, content)).counts).toMatchObject({ written: 3, duplicate: 0 });
    expect(await placed()).toEqual(['a raw_events_2026_11_01', 'b raw_events_2026_11_02', 'c raw_events_2026_11_03']);
  });

  test('a publication for all tables blocks nothing: each table has a primary key', async () => {
    await database.rows('create publication everything for all tables');
    expect((await attempt(database.pool, batchOf('hand', content), content)).counts.written).toBe(3);
    await database.rows(`update raw_event_floor set retired_before = '2026-01-01'`);
    await database.rows(`update raw_event_database set id = id`);
    await database.rows(`delete from raw_events where source_id = 'a'`);
    await resetDatabase(database.settings, true);
    const without = await database.rows(
      `select relname as name from pg_class c where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
       and not exists (select from pg_constraint where conrelid = c.oid and contype = 'p')`,
    );
    expect(without).toEqual([]);
  });
});
