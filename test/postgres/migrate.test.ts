import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SinkMisconfigured, SinkUnavailable } from '../../src/domain/errors.ts';
import { createPool } from '../../src/sinks/postgres/connection/connection.ts';
import { isMigrated, migrate, readDatabaseId } from '../../src/sinks/postgres/commands/migrate.ts';
import { ensureAhead, listPartitions } from '../../src/sinks/postgres/days/partitions.ts';
import { createPostgresWriter } from '../../src/sinks/postgres/writer/postgres-writer.ts';
import { resetDatabase } from '../../src/sinks/postgres/commands/reset.ts';
import { createDatabase, type TestDatabase } from '../support/servers/database.ts';
import { freePort } from '../support/servers/free-port.ts';
import { batchOf, context, records, rejection } from './batches.ts';
import { servers } from './servers.ts';

const migrations = [
  '0001_raw_events',
  '0002_special_days',
  '0003_canary',
  '0004_partitions_by_hand',
  '0005_store_identity',
];

describe.each(servers)('migrate on $name', ({ server }) => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await createDatabase(server, null);
  });
  afterEach(async () => database.drop());

  /** Every relation, column, index and function of Daybook, as text. */
  const schema = async () => {
    const rows = await database.rows(
      `select format('%s %s %s', relname, attname, atttypid::regtype) as line
       from pg_attribute join pg_class on attrelid = pg_class.oid
       where relnamespace = 'public'::regnamespace and attnum > 0
       union all select pg_get_functiondef(oid) from pg_proc where pronamespace = 'public'::regnamespace order by 1`,
    );
    return rows.map(({ line }) => line);
  };

  test('a second time does no harm', async () => {
    expect(await isMigrated(database.pool, 'public')).toBe(false);
    expect((await migrate(database.settings)).applied).toEqual(migrations);
    const before = [await schema(), await readDatabaseId(database.pool, 'public')];
    expect((await migrate(database.settings)).applied).toEqual([]);
    expect([await schema(), await readDatabaseId(database.pool, 'public')]).toEqual(before);
    expect(await isMigrated(database.pool, 'public')).toBe(true);
    expect(await database.count('select count(*) from raw_event_floor')).toBe(1);
  });

  test.each(['public', 'A Schema'])('four times at once is fine (schema %s)', async (name) => {
    const settings = { ...database.settings, schema: name };
    const results = await Promise.all(Array.from({ length: 4 }, async () => migrate(settings)));
    expect(results.flatMap(({ applied }) => applied)).toEqual(migrations);
    expect(await isMigrated(database.pool, name)).toBe(true);
  });

  test('gives each database its own id', async () => {
    const other = await createDatabase(server, null);
    await migrate(database.settings);
    await migrate(other.settings);
    const ids = [await readDatabaseId(database.pool, 'public'), await readDatabaseId(other.pool, 'public')];
    await other.drop();
    expect(ids[0]).toMatch(/^[0-9a-f-]{36}$/);
    expect(ids[1]).not.toBe(ids[0]);
  });

  test.each([
    ['table', 'create table raw_events (id serial, payload varchar(20))', 'id integer, payload character varying(20)'],
    [
      'partitioned table',
      'create table raw_events (day date, body text) partition by list (day)',
      'day date, body text',
    ],
    ['view', 'create view raw_events as select 1::bigint as number', 'number bigint'],
  ])('refuses a foreign %s, names its columns and changes nothing', async (_, statement, columns) => {
    await database.rows(statement);
    const before = await schema();
    const error = await rejection(migrate(database.settings));
    expect(error).toBeInstanceOf(SinkMisconfigured);
    expect(error.message).toContain(`public.raw_events (${columns})`);
    expect(error.message).toMatch(/PG_DB.*PG_SCHEMA/);
    expect(await schema()).toEqual(before);
  });

  test('refuses a foreign one in the schema that PG_SCHEMA names', async () => {
    await database.rows('create schema "The News"');
    await database.rows('create table "The News".raw_events (day date) partition by range (day)');
    const error = await rejection(migrate({ ...database.settings, schema: 'The News' }));
    expect(error).toBeInstanceOf(SinkMisconfigured);
    expect(error.message).toContain('The News.raw_events (day date)');
  });

  test('leaves a foreign raw_events in another schema alone', async () => {
    await database.rows('create table raw_events (id serial)');
    await migrate({ ...database.settings, schema: 'daybook' });
    expect(await isMigrated(database.pool, 'daybook')).toBe(true);
    expect(await isMigrated(database.pool, 'public')).toBe(false);
  });

  test.each(['MixedCase', 'select', 'with spaces'])('works from end to end in the schema %s', async (name) => {
    const settings = { ...database.settings, schema: name };
    await migrate(settings);
    const pool = createPool(settings, { maxConnections: 3 });
    const writer = createPostgresWriter({ pool, schema: name, prepare: true });
    const content = records(3);
    expect((await writer.write(batchOf('news', content), content, context)).counts.written).toBe(3);
    await ensureAhead(pool, name, 1, new Date('2026-11-01T00:00:00Z'));
    expect(await listPartitions(pool, name)).toEqual(['2026-11-01', '2026-11-02']);
    expect(await readDatabaseId(pool, name)).not.toBeNull();
    expect(await resetDatabase(settings, true)).toEqual({ dropped: 2 });
    expect((await writer.write(batchOf('news', content), content, context)).counts.written).toBe(3);
    await pool.end();
    // Nothing of it went into the schema that is usual.
    expect(await schema()).toEqual([]);
  });

  test('lets only the owner run ensure_partition', async () => {
    await migrate(database.settings);
    const role = `reader_${randomUUID().replaceAll('-', '')}`;
    await database.rows(`create role ${role} login password 'secret'`);
    const pool = createPool({ ...database.settings, user: role, password: 'secret' }, { maxConnections: 1 });
    try {
      const error = await rejection(pool.query(`select ensure_partition('2026-11-01')`));
      expect(error).toMatchObject({ code: '42501' });
    } finally {
      await pool.end();
      await database.rows(`drop role ${role}`);
    }
  });

  test("creates an ensure_partition that is safe from its caller's search path", async () => {
    await migrate(database.settings);
    const client = await database.pool.connect();
    try {
      await client.query('create schema evil');
      await client.query(`create function evil.to_char(date, text) returns text language sql as $$ select 'evil' $$`);
      await client.query('create temporary table raw_event_floor (retired_before date)');
      await client.query(`insert into raw_event_floor values ('2099-01-01')`);
      await client.query('set search_path = evil, pg_catalog');
      await client.query(`select public.ensure_partition('2026-11-01')`);
    } finally {
      client.release(true);
    }
    expect(await listPartitions(database.pool, 'public')).toEqual(['2026-11-01']);
  });

  test('needs rights in its schema only, if that exists', async () => {
    const role = `owner_${randomUUID().replaceAll('-', '')}`;
    await database.rows(`create role ${role} login password 'secret'`);
    await database.rows(`create schema daybook authorization ${role}`);
    const settings = { ...database.settings, user: role, password: 'secret', schema: 'daybook' };
    try {
      await migrate(settings);
      expect(await isMigrated(database.pool, 'daybook')).toBe(true);
    } finally {
      await database.rows(`drop owned by ${role} cascade`);
      await database.rows(`drop role ${role}`);
    }
  });

  test('that finds no server says where it looked, and may be tried again', async () => {
    const error = await rejection(migrate({ ...database.settings, port: await freePort() }));
    expect(error).toBeInstanceOf(SinkUnavailable);
    expect(error.message).toContain('PG_HOST and PG_PORT');
  });
});
