import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { listPartitions } from '../../src/sinks/postgres/days/partitions.ts';
import { createPostgresWriter } from '../../src/sinks/postgres/writer/postgres-writer.ts';
import { resetDatabase } from '../../src/sinks/postgres/commands/reset.ts';
import { createDatabase, type TestDatabase } from '../support/servers/database.ts';
import { until } from '../support/until.ts';
import { attempt, batchOf, context, record, records } from './batches.ts';
import { servers } from './servers.ts';

describe.each(servers)('resetDatabase on $name', ({ server }) => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await createDatabase(server);
  });
  afterEach(async () => database.drop());

  const write = () => attempt(database.pool, batchOf('news', []), records(3));
  const rowsIn = (table: string) => database.count(`select count(*) from ${table}`);

  test('empties every table except that of the tokens, keeps the partitions, and raises no floor', async () => {
    await write();
    await database.rows(`update raw_event_floor set retired_before = '2026-10-01'`);
    expect(await resetDatabase(database.settings, false)).toEqual({ dropped: 0 });
    for (const table of ['raw_events', 'raw_event_keys']) expect(await rowsIn(table), table).toBe(0);
    expect(await database.rows('select retired_before::text as day from raw_event_floor')).toEqual([
      { day: '0001-01-01' },
    ]);
    expect(await listPartitions(database.pool, 'public')).toEqual(['2026-11-01']);
    expect(await database.count(`select count(*) from raw_event_batches where token like '%/0-3'`)).toBe(1);
    expect((await write()).counts.written).toBe(3);
  });

  test('a second time, on empty tables, does no harm', async () => {
    for (let n = 0; n < 2; n++) expect(await resetDatabase(database.settings, true)).toEqual({ dropped: 0 });
    expect(await rowsIn('raw_event_floor')).toBe(1);
  });

  test('drops 120 partitions, at most 50 in a transaction: a server has only so many locks', async () => {
    await database.rows(`select ensure_partition('2026-01-01'::date + n) from generate_series(0, 59) n`);
    await database.rows(`select ensure_partition('2026-03-02'::date + n) from generate_series(0, 59) n`);
    await database.rows('create table drops (transaction bigint)');
    await database.rows(
      `create function note_drops() returns event_trigger language plpgsql as $$ begin
         insert into drops select txid_current() from pg_event_trigger_dropped_objects() where object_type = 'table';
       end $$`,
    );
    await database.rows('create event trigger note_drops on sql_drop execute function note_drops()');
    expect(await resetDatabase(database.settings, true)).toEqual({ dropped: 120 });
    expect(await listPartitions(database.pool, 'public')).toEqual([]);
    expect(await database.count(`select count(*) from pg_class where relname like 'raw\\_events\\_2026%'`)).toBe(0);
    expect(await database.count('select count(*) from drops')).toBe(120);
    const most = await database.count('select max(n) from (select count(*) as n from drops group by transaction) s');
    expect(most).toBeLessThanOrEqual(50);
  });

  test('lets a writer that knew the partitions continue', async () => {
    const writer = createPostgresWriter({ pool: database.pool, schema: 'public', prepare: true });
    const content = [record('a')];
    await writer.write(batchOf('news', content), content, context);
    await resetDatabase(database.settings, true);
    expect((await writer.write(batchOf('news', content), content, context)).counts.written).toBe(1);
  });

  const scores = [
    ['without a foreign key', 'event_id bigint'],
    [
      'that refers to events',
      'event_id bigint, at timestamptz, foreign key (event_id, at) references raw_events (id, occurred_at)',
    ],
    ['that refers to keys', 'source text, source_id text, foreign key (source, source_id) references raw_event_keys'],
  ] as const;
  const values = [
    'select id from raw_events',
    'select id, occurred_at from raw_events',
    'select source, source_id from raw_event_keys',
  ];
  const cases = scores.flatMap(([what, columns], n) =>
    [false, true].map((drop) => ({ what, columns, fill: values[n] ?? '', drop })),
  );
  test.each(cases)('empties sentiment_scores $what (drop: $drop)', async ({ columns, fill, drop }) => {
    await write();
    await database.rows(`create table sentiment_scores (${columns})`);
    await database.rows(`insert into sentiment_scores ${fill}`);
    expect(await rowsIn('sentiment_scores')).toBe(3);
    await resetDatabase(database.settings, drop);
    for (const table of ['sentiment_scores', 'raw_events', 'raw_event_keys']) {
      expect(await rowsIn(table), table).toBe(0);
    }
    expect((await write()).counts.written).toBe(3);
  });

  test('takes the keys before the events, as writers do: neither can wait for the other', async () => {
    await write();
    const reader = await database.pool.connect();
    await reader.query('begin');
    await reader.query('select count(*) from raw_events');
    const resetting = resetDatabase(database.settings, false);
    const held = await until('the reset waits for the reader', async () => {
      const rows = await database.rows(
        `select relation::regclass::text as name, granted::text from pg_locks
         where database = (select oid from pg_database where datname = current_database())
         and mode in ('ExclusiveLock', 'AccessExclusiveLock') and locktype = 'relation'`,
      );
      return rows.some(({ granted }) => granted === 'false') ? rows : null;
    });
    expect(held).toContainEqual({ name: 'raw_event_keys', granted: 'true' });
    expect(held.filter(({ granted }) => granted === 'false')).toEqual([
      { name: 'raw_events_2026_11_01', granted: 'false' },
    ]);
    await reader.query('rollback');
    reader.release();
    await resetting;
    expect(await rowsIn('raw_event_keys')).toBe(0);
  });
});
