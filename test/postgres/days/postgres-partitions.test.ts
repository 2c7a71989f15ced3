import { Client, type PoolClient } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clientConfig } from '../../../src/sinks/postgres/connection/client.ts';
import {
  describePartitions,
  ensureAhead,
  listPartitions,
  requirePartitions,
} from '../../../src/sinks/postgres/days/partitions.ts';
import { createDatabase, type TestDatabase } from '../../support/servers/database.ts';
import { attempt, batchOf, record, records } from '../batches.ts';
import { servers } from '../servers.ts';

describe.each(servers)('partitions on $name', ({ server }) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createDatabase(server);
  });
  afterAll(async () => database.drop());

  const placed = async (source: string) => {
    const rows = await database.rows(
      `select source_id || ' ' || tableoid::regclass::text as place from raw_events where source = $1 order by occurred_at`,
      [source],
    );
    return rows.map(({ place }) => place);
  };

  /** Runs work beside a transaction that has run a statement and stays open. */
  async function beside(statement: string, work: () => Promise<void>): Promise<void> {
    const client: PoolClient = await database.pool.connect();
    try {
      await client.query('begin');
      await client.query(statement);
      await work();
    } finally {
      await client.query('rollback');
      client.release();
    }
  }

  test('take the day from midnight to midnight, UTC, at both edges and at the ends of time', async () => {
    const content = [
      record('first', '0001-01-01T00:00:00.000000Z'),
      record('leap', '2024-02-29T23:59:59.999999Z'),
      record('last', '2026-11-01T23:59:59.999999Z'),
      record('next', '2026-11-02T00:00:00.000000Z'),
      record('end', '9999-12-31T23:59:59.999999Z'),
    ];
    expect((await attempt(database.pool, batchOf('edges', content), content)).counts.written).toBe(5);
    expect(await placed('edges')).toEqual([
      'first raw_events_0001_01_01',
      'leap raw_events_2024_02_29',
      'last raw_events_2026_11_01',
      'next raw_events_2026_11_02',
      'end raw_events_9999_12_31',
    ]);
    const texts = await database.rows(
      `select to_char(occurred_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at from raw_events where source = 'edges' order by 1`,
    );
    expect(texts.map(({ at }) => at)).toEqual(content.map(({ occurredAt }) => occurredAt));
  });

  test('keep their bounds in UTC, no matter who creates them in which zone', async () => {
    const client = new Client({
      ...clientConfig(database.settings),
      options: '-c TimeZone=America/New_York -c DateStyle=German',
    });
    await client.connect();
    await client.query(`select ensure_partition('2026-05-01')`);
    await client.end();
    const content = [record('a', '2026-05-01T00:00:00.000000Z'), record('b', '2026-05-01T23:59:59.999999Z')];
    await attempt(database.pool, batchOf('zone', content), content);
    expect(await placed('zone')).toEqual(['a raw_events_2026_05_01', 'b raw_events_2026_05_01']);
  });

  test('have all that the table has: indexes, not null, defaults', async () => {
    await database.rows(`select ensure_partition('2026-05-02')`);
    const shape = (table: string) =>
      database.rows(
        `select attname, atttypid::regtype::text as type, attnotnull::text as required,
                (select count(*) from pg_index where indrelid = attrelid)::text as indexes
         from pg_attribute where attrelid = $1::regclass and attnum > 0 order by attnum`,
        [table],
      );
    expect(await shape('raw_events_2026_05_02')).toEqual(await shape('raw_events'));
    const attached = await database.count(
      `select count(*) from pg_inherits join pg_index on indexrelid = inhrelid
       where indrelid = 'raw_events_2026_05_02'::regclass`,
    );
    expect(attached).toBe(3);
  });

  test('are created once by any number of concurrent sessions', async () => {
    const days = ['2026-03-01', '2026-03-02', '2026-03-03'];
    const made = await Promise.all(
      Array.from({ length: 10 }, async (_, n) =>
        Promise.all(
          days.map(async (_day, offset) => {
            const day = days[(n + offset) % days.length];
            const rows = await database.rows('select ensure_partition($1::date)::text as made', [day]);
            return rows[0]?.['made'] === 'true' ? day : null;
          }),
        ),
      ),
    );
    const once = made.flat().flatMap((day) => day ?? []);
    expect(once.toSorted()).toEqual(days);
  });

  test('are made beside open readers and writers, and a writer does not wait for any of them', async () => {
    await attempt(database.pool, batchOf('busy', []), records(10, '', '2026-02-01'));
    const content = [...records(5, 'x', '2026-02-01'), ...records(5, 'y', '2026-02-02')];
    await beside('select count(*) from raw_events', () =>
      beside(
        `insert into raw_events (source, source_id, occurred_at, payload) values ('w', 'w', '2026-02-01', '1')`,
        async () => {
          const startedAt = performance.now();
          const { counts } = await attempt(database.pool, batchOf('busy', content), content);
          expect(counts.written).toBe(10);
          // The lock timeout of ensure_partition is 2 s.
          expect(performance.now() - startedAt).toBeLessThan(1_500);
        },
      ),
    );
  });

  test('are created without blocking readers', async () => {
    await beside(`select ensure_partition('2026-02-03')`, async () => {
      const reader = new Client({ ...clientConfig(database.settings), options: '-c lock_timeout=1s' });
      await reader.connect();
      await expect(reader.query('select count(*) from raw_events')).resolves.toBeDefined();
      await reader.end();
    });
  });

  test('are made ahead where they are missing', async () => {
    const now = new Date('2027-01-30T23:59:59.999Z');
    await requirePartitions(database.pool, 'public', ['2027-02-01']);
    const made = ['2027-01-30', '2027-01-31', '2027-02-02'];
    expect(await ensureAhead(database.pool, 'public', 3, now)).toEqual(made);
    expect(await ensureAhead(database.pool, 'public', 3, now)).toEqual([]);
    expect(await listPartitions(database.pool, 'public')).toEqual(expect.arrayContaining([...made, '2027-02-01']));
  });

  test('are described with their size, and other tables are none', async () => {
    await database.rows(`create table raw_events_2027_06_01 (like raw_events)`);
    await attempt(database.pool, batchOf('sizes', []), records(500, '', '2027-07-01'));
    await database.rows('analyze raw_events_2027_07_01');
    const facts = await describePartitions(database.pool, 'public');
    expect(facts.find(({ day }) => day === '2027-06-01')).toBeUndefined();
    const found = facts.find(({ day }) => day === '2027-07-01');
    expect(found).toMatchObject({ partition: 'raw_events_2027_07_01', rows: 500 });
    expect(found?.bytes).toBeGreaterThan(8_192);
    expect(facts.map(({ day }) => day)).toEqual(await listPartitions(database.pool, 'public'));
  });
});
