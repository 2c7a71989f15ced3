import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { PostgresSettings } from '../../src/config/environment/postgres-settings.ts';
import { SinkMisconfigured } from '../../src/domain/errors.ts';
import { withClient } from '../../src/sinks/postgres/connection/client.ts';
import { createPool } from '../../src/sinks/postgres/connection/connection.ts';
import { createMaintenance } from '../../src/sinks/postgres/days/maintenance.ts';
import { withOwnerAlone } from '../../src/sinks/postgres/days/maintenance-session.ts';
import { migrate } from '../../src/sinks/postgres/commands/migrate.ts';
import { isBehindPooler } from '../../src/sinks/postgres/connection/pooler.ts';
import { createPostgresWriter } from '../../src/sinks/postgres/writer/postgres-writer.ts';
import { resetDatabase } from '../../src/sinks/postgres/commands/reset.ts';
import { createDatabase, type TestDatabase } from '../support/servers/database.ts';
import { startPgBouncer, type PgBouncer } from '../support/servers/pgbouncer.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { batchOf, context, records, rejection } from './batches.ts';

const folder = temporaryFolder();
const database: TestDatabase = await createDatabase(inject('postgres'));
const pooler: PgBouncer | null = await startPgBouncer(join(folder, 'transaction'), database.settings, [
  database.settings,
]);

describe.skipIf(pooler === null)('behind PgBouncer in transaction mode', () => {
  let through: PostgresSettings;
  /** Since then it keeps track of the statements that its clients prepare, by default since 1.24. */
  const tracksStatements = (pooler?.version ?? 0) >= 124;
  beforeAll(() => {
    through = { ...database.settings, port: pooler?.port ?? 0 };
  });
  afterAll(async () => {
    await pooler?.stop();
    await database.drop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Stores batches of overlapping records at once, by two workers. */
  const storeMany = async (source: string, prepare: boolean) => {
    const pools = [1, 2].map(() => createPool(through, { maxConnections: 8 }));
    const batches = Array.from({ length: 60 }, (_, n) =>
      records(40, `${n % 30}-`, `2026-11-${String(1 + (n % 9)).padStart(2, '0')}`),
    );
    try {
      return await Promise.all(
        batches.map(async (content, n) => {
          const writer = createPostgresWriter({ pool: pools[n % 2] as Pool, schema: 'public', prepare });
          return (await writer.write(batchOf(source, content), content, context)).counts;
        }),
      );
    } finally {
      await Promise.all(pools.map((pool) => pool.end()));
    }
  };

  test('records of many batches are stored once each, without named statements', async () => {
    const counts = await storeMany('unnamed', false);
    const sum = (name: 'written' | 'duplicate') => counts.reduce((total, one) => total + one[name], 0);
    expect(sum('written')).toBe(1_200);
    expect(sum('duplicate')).toBe(1_200);
    const stored = `select count(*) from raw_events where source = 'unnamed'`;
    expect(await database.count(stored)).toBe(1_200);
    expect(await database.count(`${stored} and occurred_at >= '2026-11-10'`)).toBe(0);
  });

  test.runIf(tracksStatements)('the same with named statements, where PgBouncer knows them', async () => {
    const counts = await storeMany('named', true);
    expect(counts.reduce((total, { written }) => total + written, 0)).toBe(1_200);
  });

  test.skipIf(tracksStatements)(
    'named statements fail before 1.21, lose nothing, and the message names the fix',
    async () => {
      const error = await rejection(storeMany('named', true));
      expect(error.message).toMatch(/prepared statement.*(26000|42P05).*PG_PREPARE=off/);
      const mismatch = `select count(*) from raw_events e full join raw_event_keys k using (source, source_id, occurred_at)
      where coalesce(e.source, k.source) = 'named' and (e.id is null or k.source is null)`;
      expect(await database.count(mismatch)).toBe(0);
      const counts = await storeMany('named', false);
      expect(counts.every(({ written, duplicate }) => written + duplicate === 40)).toBe(true);
      expect(await database.count(`select count(*) from raw_events where source = 'named'`)).toBe(1_200);
    },
  );

  test('times are in UTC in every statement, whatever other clients set', async () => {
    const pool = createPool(through, { maxConnections: 3 });
    const abroad = { ...through, user: database.settings.user };
    const zones = new Set<unknown>();
    await withClient(abroad, async (other) => {
      await other.query(`set timezone = 'Asia/Tokyo'`);
      for (let n = 0; n < 30; n++) {
        const asked = Array.from({ length: 3 }, () => pool.query(`select current_setting('TimeZone') as zone`));
        await other.query('select 1');
        for (const { rows } of await Promise.all(asked)) zones.add((rows[0] as { zone: string }).zone);
      }
    });
    await pool.end();
    expect([...zones]).toEqual(['UTC']);
  });

  test('is noticed, and so is its absence', async () => {
    expect(await withClient(through, isBehindPooler)).toBe(true);
    expect(await withClient(database.settings, isBehindPooler)).toBe(false);
  });

  test('migrations and maintenance refuse to work, and say how to go around it', async () => {
    // Also while others are at work there.
    const pool = createPool(through, { maxConnections: 4 });
    const over = new AbortController();
    const traffic = Array.from({ length: 4 }, async () => {
      while (!over.signal.aborted) await pool.query('select count(*) from raw_events');
    });
    for (const work of [
      () => migrate(through),
      () => resetDatabase(through, false),
      () => withOwnerAlone(through, async () => 'done'),
      () => createMaintenance(through).tidy('2026-11-01'),
    ]) {
      const error = await rejection(work());
      expect.soft(error).toBeInstanceOf(SinkMisconfigured);
      expect.soft(error.message).toMatch(/transaction mode.*PG_DIRECT_HOST/);
    }
    over.abort();
    await Promise.all(traffic);
    await pool.end();
    expect(await withOwnerAlone(database.settings, async () => 'done')).toBe('done');
  });

  test('in session mode they work', async () => {
    const sessions = await startPgBouncer(join(folder, 'session'), database.settings, [database.settings], 'session');
    try {
      const direct = { ...database.settings, port: sessions?.port ?? 0 };
      expect(await withOwnerAlone(direct, ({ client }) => isBehindPooler(client))).toBe(true);
      expect((await migrate(direct)).applied).toEqual([]);
    } finally {
      await sessions?.stop();
    }
  });
});
