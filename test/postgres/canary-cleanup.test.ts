import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createCanaryRows } from '../../src/sinks/postgres/writer/canary-rows.ts';
import { createPool } from '../../src/sinks/postgres/connection/connection.ts';
import { migrate } from '../../src/sinks/postgres/commands/migrate.ts';
import { createPostgresWriter } from '../../src/sinks/postgres/writer/postgres-writer.ts';
import { createDatabase, type TestDatabase } from '../support/servers/database.ts';
import { batchOf, context, rejection } from './batches.ts';
import { servers } from './servers.ts';

describe.each(servers)('canary_cleanup on $name', ({ server }) => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await createDatabase(server);
  });
  afterEach(async () => database.drop());

  const at = '2026-11-01T23:59:59.999999Z';
  const record = (id: string, run = randomUUID()) => ({
    sourceId: id,
    occurredAt: at,
    payload: JSON.stringify({
      id,
      run,
    }),
  });

  /** Stores a record as a run of that id does. */
  async function store(source: string, id: string, schema = 'public', pool = database.pool) {
    const run = randomUUID();
    const content = [record(id, run)];
    const batch = { ...batchOf(source, content), firstRunId: run };
    await createPostgresWriter({ pool, schema, prepare: true }).write(batch, content, context);
    return content[0] as ReturnType<typeof record>;
  }

  const left = async () => {
    const rows = await database.rows(
      `select 'row ' || source || ' ' || source_id as line from raw_events
       union all select 'key ' || source || ' ' || source_id from raw_event_keys
       union all select 'token' from raw_event_batches order by 1`,
    );
    return rows.map(({ line }) => line);
  };

  test('removes row, key and token of the canaries named, and nothing else', async () => {
    for (const id of ['one', 'two']) await store('daybook-canary', id);
    await store('news', 'one');
    const rows = createCanaryRows(database.pool, 'public');
    expect((await rows.ids()).sort()).toEqual(['one', 'two']);
    await rows.clear(['one', 'never there']);
    const others = ['key daybook-canary two', 'key news one', 'row daybook-canary two', 'row news one'];
    expect(await left()).toEqual([...others, 'token', 'token']);
    await rows.clear(['one', 'two']);
    expect(await left()).toEqual(['key news one', 'row news one', 'token']);
    expect(await rows.ids()).toEqual([]);
  });

  test('a record is read back by its key: row, key and payload', async () => {
    const stored = await store('daybook-canary', 'one');
    const rows = createCanaryRows(database.pool, 'public');
    expect(await rows.problemOf(stored)).toBeNull();
    expect(await rows.problemOf({ ...stored, payload: '{}' })).toMatch(/the payload of its row differs/);
    await database.rows('delete from raw_event_keys');
    expect(await rows.problemOf(stored)).toBe('found 0 keys and 1 rows of it, expected one of each');
    expect(await rows.problemOf(record('two'))).toBe('found 0 keys and 0 rows of it, expected one of each');
  });

  test('works in a schema of another name', async () => {
    const settings = { ...database.settings, schema: 'A Schema' };
    await migrate(settings);
    const pool = createPool(settings, { maxConnections: 2 });
    const stored = await store('daybook-canary', 'one', 'A Schema', pool);
    await store('daybook-canary', 'one');
    const rows = createCanaryRows(pool, 'A Schema');
    expect(await rows.problemOf(stored)).toBeNull();
    await rows.clear(['one']);
    await pool.end();
    expect(await database.count('select count(*) from "A Schema".raw_events')).toBe(0);
    expect(await database.count('select count(*) from "A Schema".raw_event_batches')).toBe(0);
    expect(await left()).toHaveLength(3);
  });

  test('belongs to the owner only, until it is granted; then it needs no right to delete', async () => {
    await store('daybook-canary', 'one');
    const role = `writer_${randomUUID().replaceAll('-', '')}`;
    await database.rows(`create role ${role} login password 'secret'`);
    await database.rows(`grant select on raw_event_keys to ${role}`);
    const pool = createPool({ ...database.settings, user: role, password: 'secret' }, { maxConnections: 1 });
    try {
      const rows = createCanaryRows(pool, 'public');
      expect((await rejection(rows.clear(['one']))).message).toMatch(/42501.*migrate --roles/);
      await database.rows(`grant execute on function canary_cleanup(text[]) to ${role}`);
      // Neither a search path nor a table of its own leads it astray.
      await pool.query(`create temporary table raw_event_keys (source text, source_id text, occurred_at timestamptz)`);
      await rows.clear(['one']);
      expect(await left()).toEqual([]);
    } finally {
      await pool.end();
      await database.rows(`drop owned by ${role} cascade`);
      await database.rows(`drop role ${role}`);
    }
  });

  test('locks no partition but that of the record', async () => {
    await store('daybook-canary', 'one');
    await database.rows(`select ensure_partition('2026-11-05')`);
    const other = await database.pool.connect();
    await other.query('begin; lock table raw_events_2026_11_05 in access exclusive mode');
    await createCanaryRows(database.pool, 'public').clear(['one']);
    await other.query('rollback');
    other.release();
    expect(await left()).toEqual([]);
  });
});
