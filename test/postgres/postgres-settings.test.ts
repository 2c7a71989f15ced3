import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { PostgresSettings } from '../../src/config/environment/postgres-settings.ts';
import { SinkMisconfigured, SinkUnavailable } from '../../src/domain/errors.ts';
import { createPool } from '../../src/sinks/postgres/connection/connection.ts';
import { migrate } from '../../src/sinks/postgres/commands/migrate.ts';
import { createPostgresWriter } from '../../src/sinks/postgres/writer/postgres-writer.ts';
import { createDatabase, type TestDatabase } from '../support/servers/database.ts';
import { CliSandbox } from '../support/cli-sandbox.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { attempt, batchOf, context, record, records, rejection } from './batches.ts';
import { servers } from './servers.ts';

/** One attempt with these settings, on a pool of its own. */
async function write(settings: PostgresSettings) {
  const pool = createPool(settings, { maxConnections: 2 });
  try {
    const writer = createPostgresWriter({ pool, schema: settings.schema, prepare: true });
    return await writer.write(batchOf('settings', records(2)), records(2), context);
  } finally {
    await pool.end();
  }
}

describe.each(servers)('a writer on $name', ({ server }) => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await createDatabase(server);
  });
  afterEach(async () => database.drop());

  const alter = (setting: string) => database.rows(`alter database ${database.settings.database} ${setting}`);
  const failure = (fields: Partial<PostgresSettings> = {}) => rejection(write({ ...database.settings, ...fields }));

  const wrong: readonly [string, Partial<PostgresSettings>, RegExp][] = [
    ['a wrong password', { password: 'wrong' }, /28P01.*PG_PASSWORD/],
    ['a user that does not exist', { user: 'unknown' }, /28.*PG_USER/],
    ['a database that does not exist', { database: 'no_such' }, /no_such.*PG_DB/],
    ['a schema that does not exist', { schema: 'No Such' }, /PG_SCHEMA/],
  ];
  test.each(wrong)('with %s is misconfigured, and says what to change', async (_, fields, message) => {
    const error = await failure(fields);
    expect(error).toBeInstanceOf(SinkMisconfigured);
    expect(error.message).toMatch(message);
  });

  test.each(['raw_events', 'raw_event_keys', 'raw_event_batches', 'raw_event_floor'])(
    'without the table %s is misconfigured, and says to migrate',
    async (table) => {
      await database.rows(`drop table ${table} cascade`);
      const error = await failure();
      expect(error).toBeInstanceOf(SinkMisconfigured);
      expect(error.message).toMatch(new RegExp(`${table}.*daybook migrate`));
    },
  );

  test('on a database that was never migrated is misconfigured, and says to migrate', async () => {
    const empty = await createDatabase(server, null);
    const error = await rejection(write(empty.settings));
    expect(error).toBeInstanceOf(SinkMisconfigured);
    expect(error.message).toContain('daybook migrate');
    await empty.drop();
  });

  test('with synchronous_commit=off stores nothing', async () => {
    await alter('set synchronous_commit = off');
    const error = await failure();
    expect(error).toBeInstanceOf(SinkMisconfigured);
    expect(error.message).toContain('synchronous_commit=off');
    expect(await database.count('select count(*) from raw_event_keys')).toBe(0);
  });

  test('on a server encoding other than UTF8 stores nothing, and is not migrated', async () => {
    const latin = await createDatabase(server, `template0 encoding 'LATIN1' lc_collate 'C' lc_ctype 'C'`);
    for (const error of [await rejection(write(latin.settings)), await rejection(migrate(latin.settings))]) {
      expect.soft(error).toBeInstanceOf(SinkMisconfigured);
      expect.soft(error.message).toMatch(/LATIN1.*UTF8/);
    }
    await latin.drop();
  });

  test('on a read-only database finds the sink unavailable, and continues once it is writable', async () => {
    await database.rows(`select ensure_partition('2026-11-01')`);
    await alter('set default_transaction_read_only = on');
    const pool = createPool(database.settings, { maxConnections: 2 });
    const content = [record('a')];
    const batch = batchOf('read-only', content);
    const error = await rejection(attempt(pool, batch, content));
    expect(error).toBeInstanceOf(SinkUnavailable);
    expect(error.message).toContain('read-only');
    // A session keeps what it began with; this one was opened before.
    await alter('set default_transaction_read_only = off');
    expect((await attempt(pool, batch, content)).counts.written).toBe(1);
    await pool.end();
  });

  test('sets its sessions to UTC and to end what waits too long', async () => {
    const pool = createPool(database.settings, { maxConnections: 1 });
    const names = ['TimeZone', 'statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout'];
    const { rows } = await pool.query<{ settings: string[] }>(
      `select array_agg(current_setting(name) order by n) as settings from unnest($1::text[]) with ordinality as s(name, n)`,
      [names],
    );
    expect(rows[0]?.settings).toEqual(['UTC', '1min', '10s', '30s']);
    await pool.end();
  });

  test('leaves the search path for psql to env, also with an odd schema name', async () => {
    const schema = 'odd  n\\me\tand=Case';
    const { host, port, database: name, user, password } = database.settings;
    await migrate({ ...database.settings, schema });
    const folder = temporaryFolder();
    const sandbox = new CliSandbox(folder, {
      PG_HOST: host,
      PG_PORT: String(port),
      PG_DB: name,
      PG_USER: user,
      PG_PASSWORD: password,
      PG_SCHEMA: schema,
      TEMPORAL_ADDRESS: '127.0.0.1:1',
    });
    const { stdout } = await sandbox.run(['env']);
    rmSync(folder, { recursive: true });
    const options = execFileSync('sh', ['-c', `${stdout}\nprintf %s "$PGOPTIONS"`], { encoding: 'utf8' });
    const client = new Client({ host, port, database: name, user, password, options });
    await client.connect();
    const { rows } = await client.query<{ schema: string; table: string }>(
      `select current_schema() as schema, to_regclass('raw_events')::oid::text as table`,
    );
    await client.end();
    const [table] = await database.rows(
      'select oid from pg_class where relname = $1 and relnamespace = $2::regnamespace',
      ['raw_events', `"${schema}"`],
    );
    expect(rows).toEqual([{ schema, table: table?.['oid'] }]);
  });

  test('needs no more rights than storage.md lists', async () => {
    const role = `writer_${randomUUID().replaceAll('-', '')}`;
    await database.rows(`create role ${role} login password 'secret'`);
    try {
      const asWriter = { user: role, password: 'secret' };
      const refused = await failure(asWriter);
      expect(refused).toBeInstanceOf(SinkMisconfigured);
      expect(refused.message).toMatch(/ensure_partition.*grant/);
      for (const grant of [
        `usage on schema public to ${role}`,
        `select, insert on raw_event_keys, raw_event_batches to ${role}`,
        `insert on raw_events to ${role}`,
        `execute on function ensure_partition(date) to ${role}`,
      ]) {
        await database.rows(`grant ${grant}`);
      }
      for (let n = 0; n < 2; n++) {
        const { counts } = await write({ ...database.settings, ...asWriter });
        expect(counts).toMatchObject(n === 0 ? { written: 2 } : { duplicate: 2 });
      }
    } finally {
      await database.rows(`drop owned by ${role}`);
      await database.rows(`drop role ${role}`);
    }
  });
});
