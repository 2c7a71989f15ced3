import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { PostgresSettings } from '../../src/config/environment/postgres-settings.ts';
import { withClient } from '../../src/sinks/postgres/connection/client.ts';
import { createPool } from '../../src/sinks/postgres/connection/connection.ts';
import { migrate } from '../../src/sinks/postgres/commands/migrate.ts';
import { listPartitions } from '../../src/sinks/postgres/days/partitions.ts';
import { createPostgresWriter } from '../../src/sinks/postgres/writer/postgres-writer.ts';
import { grantRole, missingRights } from '../../src/sinks/postgres/commands/roles.ts';
import { createDatabase, type TestDatabase } from '../support/servers/database.ts';
import { batchOf, context, records, rejection } from './batches.ts';
import { servers } from './servers.ts';

describe.each(servers)('a writer that is not the owner, on $name', ({ server }) => {
  let database: TestDatabase;
  let owner: PostgresSettings;
  let writer: PostgresSettings;
  beforeEach(async () => {
    database = await createDatabase(server, null);
    const id = randomUUID().replaceAll('-', '');
    owner = { ...database.settings, user: `Owner ${id}`, password: 'o', schema: 'The News' };
    writer = { ...owner, user: `Writer ${id}`, password: 'w' };
    await database.rows(`create role "${owner.user}" login password 'o'`);
    await database.rows(`create role "${writer.user}" login password 'w'`);
    await database.rows(`create schema "The News" authorization "${owner.user}"`);
    await migrate(owner);
  });
  afterEach(async () => {
    for (const role of [owner.user, writer.user]) {
      await database.rows(`drop owned by "${role}" cascade`);
      await database.rows(`drop role "${role}"`);
    }
    await database.drop();
  });

  const store = async (day: string) => {
    const pool = createPool(writer, { maxConnections: 1 });
    try {
      const content = records(3, day, day);
      const tools = { pool, schema: writer.schema, prepare: true };
      return (await createPostgresWriter(tools).write(batchOf('news', content), content, context)).counts;
    } finally {
      await pool.end();
    }
  };
  const missing = () => withClient(writer, (client) => missingRights(client, writer.schema, writer.user));

  test('may store once it is granted, also on days whose partitions come later', async () => {
    expect(await missing()).toEqual(['USAGE on schema The News']);
    expect((await rejection(store('2026-11-01'))).message).toMatch(/42501.*migrate --roles/);
    const planned = await grantRole(owner, 'writer', writer.user, true);
    expect(await missing()).toEqual(['USAGE on schema The News']);

    expect(await grantRole(owner, 'writer', writer.user, false)).toEqual(planned);
    expect(await missing()).toEqual([]);
    expect(await store('2026-11-01')).toMatchObject({ written: 3 });
    expect(await grantRole(owner, 'writer', writer.user, false)).toEqual(planned);
    expect(await store('2026-11-02')).toMatchObject({ written: 3 });
    expect(await store('2026-11-02')).toMatchObject({ duplicate: 3 });
    expect(await listPartitions(database.pool, owner.schema)).toEqual(['2026-11-01', '2026-11-02']);
  });

  test('may do nothing else', async () => {
    await grantRole(owner, 'writer', writer.user, false);
    await store('2026-11-01');
    const table = (name: string) => `"The News".${name}`;
    const forbidden = [
      ...['raw_events', 'raw_events_2026_11_01', 'raw_event_keys', 'raw_event_floor', 'raw_event_days'].flatMap(
        (name) => [`drop table ${table(name)}`, `delete from ${table(name)}`, `truncate ${table(name)}`],
      ),
      `update ${table('raw_events')} set processed = true`,
      `update ${table('raw_event_keys')} set occurred_at = now()`,
      `update ${table('raw_event_batches')} set written = 0`,
      `insert into ${table('raw_event_floor')} values ('2099-01-01')`,
      `insert into ${table('raw_event_days')} values ('2026-11-01', 'restored')`,
      `insert into ${table('daybook_migrations')} (name, run_on) values ('9999', now())`,
      `select * from ${table('raw_events_2026_11_01')}`,
      `create table ${table('mine')} (id int)`,
      `create function ${table('f')}() returns int language sql as 'select 1'`,
      `alter table ${table('raw_events')} detach partition ${table('raw_events_2026_11_01')}`,
      `create index on ${table('raw_events')} (id)`,
    ];
    await withClient(writer, async (client) => {
      for (const statement of forbidden) {
        const error = await rejection(client.query(statement));
        expect.soft(`${statement}: ${(error as { code?: string }).code}`).toBe(`${statement}: 42501`);
      }
    });
  });

  test.each([
    ['reader', '42501'],
    ['processor', null],
  ] as const)('lets a %s read, and mark rows as processed only if that is its role', async (kind, code) => {
    await grantRole(owner, 'writer', writer.user, false);
    await store('2026-11-01');
    const other = { ...owner, user: `Other ${owner.user}`, password: 'x' };
    await database.rows(`create role "${other.user}" login password 'x'`);
    try {
      expect(
        (await rejection(withClient(other, (client) => client.query('select from "The News".raw_events')))).message,
      ).toMatch(/permission denied/);
      await grantRole(owner, kind, other.user, false);
      await store('2026-11-02');
      await withClient(other, async (client) => {
        const { rows } = await client.query('select payload from "The News".raw_events where processed is not true');
        expect(rows).toHaveLength(6);
        const marking = client.query(`update "The News".raw_events set processed = true where source = 'news'`);
        const marked = await marking.then(
          ({ rowCount }) => rowCount,
          (error: { code?: string }) => error.code,
        );
        expect(marked).toBe(code ?? 6);
        for (const change of [`update "The News".raw_events set payload = '{}'`, 'delete from "The News".raw_events']) {
          expect(await rejection(client.query(change))).toMatchObject({ code: '42501' });
        }
      });
    } finally {
      await database.rows(`drop owned by "${other.user}" cascade`);
      await database.rows(`drop role "${other.user}"`);
    }
  });

  test('gets a message with the role that has the missing right', async () => {
    await grantRole(owner, 'writer', writer.user, false);
    expect(await rejection(migrate({ ...writer, schema: 'Other' }))).toMatchObject({
      message: expect.stringMatching(/42501.*PG_OWNER_USER/) as string,
    });
    await database.rows(`revoke insert on "The News".raw_events from "${writer.user}"`);
    await database.rows(`revoke execute on function "The News".ensure_partition(date) from "${writer.user}"`);
    expect(await missing()).toEqual(['INSERT on raw_events', 'EXECUTE on ensure_partition(date)']);
  });

  test('must exist: the statement to create it is shown, without a password', async () => {
    const error = await rejection(grantRole(owner, 'writer', 'no such', false));
    expect(error.message).toMatch(/there is no role no such.*create role "no such" login password '…'$/);
  });
});
