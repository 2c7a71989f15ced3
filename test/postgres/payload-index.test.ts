import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SinkUnavailable } from '../../src/domain/errors.ts';
import { createMaintenance } from '../../src/sinks/postgres/days/maintenance.ts';
import { convergePayloadIndex, type PayloadIndex } from '../../src/sinks/postgres/days/payload-index.ts';
import { createDatabase, type TestDatabase } from '../support/servers/database.ts';
import { attempt, batchOf, records, rejection } from './batches.ts';
import { servers } from './servers.ts';
import { until } from '../support/until.ts';

const past = ['2026-10-01', '2026-10-02'];
const today = '2026-10-03';

describe.each(servers)('convergePayloadIndex on $name', ({ server }) => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await createDatabase(server);
    for (const day of [...past, today]) {
      const content = records(3, day, day);
      await attempt(database.pool, batchOf('news', content), content);
    }
  });
  afterEach(async () => database.drop());

  const converge = (mode: PayloadIndex, dryRun = false) =>
    convergePayloadIndex({
      owner: database.settings,
      mode,
      today,
      dryRun,
      signal: new AbortController().signal,
      onDay: () => undefined,
    });
  /** The payload indexes that are there, each with whether it is valid and has a parent. */
  const indexes = async () => {
    const rows = await database.rows(
      `select format('%s %s %s', x.indexrelid::regclass, x.indisvalid, i.inhrelid is not null) as line
       from pg_index x left join pg_inherits i on i.inhrelid = x.indexrelid
       join pg_class c on c.oid = x.indexrelid where c.relname like 'raw_events%payload_idx' order by 1`,
    );
    return rows.map(({ line }) => line);
  };
  const unchanged = { built: [], dropped: [], parent: 'kept', failed: [] };
  const inherited = ['2026_10_01', '2026_10_02', '2026_10_03'].map((day) => `raw_events_${day}_payload_idx t t`);
  const own = inherited.slice(0, 2).map((line) => line.replace(/t$/, 'f'));

  test('leaves an index of raw_events as it is', async () => {
    expect(await converge('immediate')).toEqual(unchanged);
    expect(await indexes()).toEqual([...inherited, 'raw_events_payload_idx t f']);
  });

  test('sealed: past days have their own index, today and new days none; a dry run says so before', async () => {
    expect(await converge('sealed', true)).toEqual({ ...unchanged, parent: 'dropped', built: past });
    expect(await indexes()).toHaveLength(4);
    expect(await converge('sealed')).toEqual({ ...unchanged, parent: 'dropped', built: past });
    expect(await indexes()).toEqual(own);
    await database.rows(`select ensure_partition('2026-10-04')`);
    expect(await converge('sealed')).toEqual(unchanged);
    expect(await indexes()).toEqual(own);
  });

  test('sealed: an index that was left half built is built again', async () => {
    await converge('sealed');
    await database.rows(
      `update pg_index set indisvalid = false where indexrelid = 'raw_events_2026_10_01_payload_idx'::regclass`,
    );
    expect(await converge('sealed')).toEqual({ ...unchanged, built: ['2026-10-01'] });
    expect(await indexes()).toEqual(own);
  });

  test('none: no day has one, whatever there was before', async () => {
    await converge('sealed');
    expect(await converge('none')).toEqual({ ...unchanged, dropped: past });
    expect(await indexes()).toEqual([]);
    expect(await converge('none')).toEqual(unchanged);
  });

  test('immediate again: builds what is missing and takes it in, also where it was killed half-way', async () => {
    await converge('none');
    await database.rows('create index raw_events_payload_idx on only raw_events using gin (payload)');
    await database.rows(`select ensure_partition('2026-10-04')`);
    expect(await converge('immediate')).toMatchObject({ parent: 'made', failed: [] });
    expect(await indexes()).toEqual([
      ...inherited,
      'raw_events_2026_10_04_payload_idx t t',
      'raw_events_payload_idx t f',
    ]);
    expect(await converge('immediate')).toEqual(unchanged);
  });

  test('does not wait for a reader of raw_events, and asks for a retry', async () => {
    const reader = await database.pool.connect();
    await reader.query('begin; select count(*) from raw_events');
    const startedAt = performance.now();
    expect(await rejection(converge('sealed'))).toBeInstanceOf(SinkUnavailable);
    expect(performance.now() - startedAt).toBeLessThan(6_000);
    await reader.query('commit');
    reader.release();
    expect(await converge('sealed')).toMatchObject({ parent: 'dropped' });
  });

  test('days need a vacuum until it is done, and again after new records, also with lost statistics', async () => {
    const maintenance = createMaintenance(database.settings);
    const untidy = () => maintenance.untidyDays(new Date(`${today}T12:00:00Z`));
    expect(await untidy()).toEqual(past);
    for (const day of past) await maintenance.tidy(day);
    await database.rows('select pg_stat_reset()');
    // What vacuum did reaches the statistics a little later.
    await until('all are tidy', async () => (await untidy()).length === 0);
    const many = records(2_000, 'more', past[0]);
    await attempt(database.pool, batchOf('news', many), many);
    await database.rows('select pg_stat_reset()');
    expect(await untidy()).toEqual([past[0]]);
  });

  test('a vacuum is not disturbed by another rollover that drops the index of the day', async () => {
    const [day = ''] = past;
    await converge('sealed');
    const other = await database.pool.connect();
    try {
      await other.query('begin; drop index raw_events_2026_10_01_payload_idx');
      const tidied = createMaintenance(database.settings).tidy(day);
      const waiting = `select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query ~ 'gin_clean'`;
      await until('it waits for the index', async () => (await database.count(waiting)) > 0);
      await other.query('commit');
      await expect(tidied).resolves.toBeUndefined();
    } finally {
      other.release();
    }
    expect(await indexes()).toEqual(own.slice(1));
  });

  test('raw_events as a whole is analysed once a week', async () => {
    const maintenance = createMaintenance(database.settings);
    const inDays = (days: number) => new Date(Date.now() + days * 86_400_000);
    // Up to PostgreSQL 13 that is on Mondays.
    const isMonday = (time: Date) => time.getUTCDay() === 1;
    expect(await maintenance.analyzeWeekly(new Date())).toBe(true);
    const hasStatistics = `select count(*) from pg_statistic where starelid = 'raw_events'::regclass`;
    expect(await database.count(hasStatistics)).toBeGreaterThan(0);
    expect(await maintenance.analyzeWeekly(inDays(isMonday(inDays(1)) ? 2 : 1))).toBe(false);
    const monday = [8, 9, 10, 11, 12, 13, 14].map(inDays).find(isMonday) as Date;
    expect(await maintenance.analyzeWeekly(monday)).toBe(true);
  });
});
