import pg, { type Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SinkMisconfigured, SinkUnavailable } from '../../src/domain/errors.ts';
import { clientConfig } from '../../src/sinks/postgres/connection/client.ts';
import { createPool } from '../../src/sinks/postgres/connection/connection.ts';
import { createPostgresWriter } from '../../src/sinks/postgres/writer/postgres-writer.ts';
import { createDatabase, type TestDatabase } from '../support/servers/database.ts';
import { freePort } from '../support/servers/free-port.ts';
import { startTcpProxy, type TcpProxy } from '../support/servers/tcp-proxy.ts';
import { until } from '../support/until.ts';
import { attempt, batchOf, context, record, records, rejection } from './batches.ts';
import { servers } from './servers.ts';

/** Uncaught errors during the work: each would have ended a worker. */
async function uncaughtDuring(work: () => Promise<void>): Promise<unknown[]> {
  const uncaught: unknown[] = [];
  const others = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', (error) => uncaught.push(error));
  try {
    await work();
  } finally {
    process.removeAllListeners('uncaughtException');
    for (const other of others) process.on('uncaughtException', other);
  }
  return uncaught;
}

describe.each(servers)('a writer on $name', ({ server }) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createDatabase(server);
    await database.rows(`select ensure_partition('2026-11-01')`);
  });
  afterAll(async () => database.drop());

  const stored = (source: string) => database.count('select count(*) from raw_events where source = $1', [source]);

  /** Runs work while a transaction holds a key back, as another writer in mid-write does. */
  async function whileKeyIsHeld(source: string, id: string, work: () => Promise<void>): Promise<void> {
    const holder = await database.pool.connect();
    try {
      await holder.query('begin');
      await holder.query('insert into raw_event_keys values ($1, $2, now())', [source, id]);
      await work();
    } finally {
      await holder.query('rollback');
      holder.release();
    }
  }

  const waiting = () =>
    until('the writer waits', async () => {
      const rows = await database.rows(
        `select pid from pg_stat_activity
         where datname = current_database() and wait_event_type = 'Lock' and query like 'with input%'`,
      );
      return rows[0]?.['pid'];
    });

  /** Kills the writer that waits, and waits until it is gone. */
  async function kill(): Promise<void> {
    const pid = await waiting();
    await database.rows('select pg_terminate_backend($1::int)', [pid]);
    await until(
      'it is gone',
      async () => !(await database.count('select count(*) from pg_stat_activity where pid = $1', [pid])),
    );
  }

  test('whose connection is killed during a write continues with another one', async () => {
    const content = records(1_000);
    let writing: ReturnType<typeof attempt> | undefined;
    await whileKeyIsHeld('killed', '999', async () => {
      writing = attempt(database.pool, batchOf('killed', content), content);
      await kill();
      await waiting();
    });
    expect((await writing)?.counts).toMatchObject({ written: 1_000, duplicate: 0 });
    expect(await stored('killed')).toBe(1_000);
  });

  test('that is killed again fails as unavailable, has stored nothing, and stores all at the next attempt', async () => {
    const content = records(1_000);
    const batch = batchOf('again', content);
    await whileKeyIsHeld('again', '999', async () => {
      const writing = rejection(attempt(database.pool, batch, content));
      for (let n = 0; n < 2; n++) await kill();
      expect(await writing).toBeInstanceOf(SinkUnavailable);
    });
    expect(await stored('again')).toBe(0);
    expect((await attempt(database.pool, batch, content)).counts).toMatchObject({ written: 1_000, duplicate: 0 });
    expect(await stored('again')).toBe(1_000);
  });

  /** Runs work on a pool that reaches the database over a network that can break. */
  async function overNetwork(work: (pool: Pool, network: TcpProxy) => Promise<void>): Promise<void> {
    const network = await startTcpProxy(server.host, server.port);
    const pool = createPool({ ...database.settings, host: '127.0.0.1', port: network.port }, { maxConnections: 2 });
    try {
      await work(pool, network);
    } finally {
      await pool.end();
      await network.close();
    }
  }

  test('whose response is lost reports what the first attempt did', async () => {
    const source = 'lost';
    await attempt(database.pool, batchOf(source, []), records(5));
    const content = [...records(10), ...records(4)];
    const batch = batchOf(source, content);
    await overNetwork(async (pool, network) => {
      network.loseAnswersTo('with input', 1);
      const counts = { written: 5, duplicate: 9, refused: 0, expired: 0, deferred: 0 };
      expect(await attempt(pool, batch, content)).toEqual({ counts, refused: [] });
      expect(await stored(source)).toBe(10);
      expect((await attempt(pool, batch, content)).counts).toEqual(counts);
    });
  });

  test('whose network breaks in mid-write fails as unavailable and does not end the process', async () => {
    const content = records(10);
    const batch = batchOf('broken', content);
    await overNetwork(async (pool, network) => {
      const uncaught = await uncaughtDuring(() =>
        whileKeyIsHeld('broken', '5', async () => {
          const writing = rejection(attempt(pool, batch, content));
          await waiting();
          network.down();
          expect(await writing).toBeInstanceOf(SinkUnavailable);
        }),
      );
      expect(uncaught).toEqual([]);
      network.up();
      // The server knows nothing of the broken network: that statement continues once the key is free.
      expect((await attempt(pool, batch, content)).counts).toMatchObject({ written: 10, duplicate: 0 });
      expect(await stored('broken')).toBe(10);
    });
  });

  test('whose idle connections break does not notice', async () => {
    const news: Error[] = [];
    const pool = createPool(database.settings, { maxConnections: 2, onIdleError: (error) => news.push(error) });
    try {
      await attempt(pool, batchOf('idle', records(2)), records(2));
      await database.rows(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and application_name = 'daybook' and pid <> pg_backend_pid()
         and state = 'idle' and query like 'with input%'`,
      );
      await until('the pool has noticed', () => news.length > 0);
      expect((await attempt(pool, batchOf('idle', []), records(4))).counts).toMatchObject({ written: 2, duplicate: 2 });
    } finally {
      await pool.end();
    }
  });

  test('whose prepared statements are gone from every connection prepares them again', async () => {
    const pool = createPool(database.settings, { maxConnections: 3 });
    try {
      await prepareOnTwo(pool);
      const clients = [await pool.connect(), await pool.connect()];
      for (const client of clients) await client.query('deallocate all');
      for (const client of clients) client.release();
      expect((await attempt(pool, batchOf('stale', []), records(3, 'new-'))).counts.written).toBe(3);
    } finally {
      await pool.end();
    }
  });

  /** Leaves two idle connections that have both stored something. */
  async function prepareOnTwo(pool: Pool): Promise<void> {
    const first = await pool.connect();
    await attempt(pool, batchOf('stale', []), records(1, 'a'));
    const second = await pool.connect();
    first.release();
    await attempt(pool, batchOf('stale', []), records(1, 'b'));
    second.release();
    expect(pool.idleCount).toBe(2);
  }

  test('that ran into its statement timeout finally reports what it stored, with any outcome of each attempt', async () => {
    const options = '-c TimeZone=UTC -c statement_timeout=150ms';
    const hasty = new pg.Pool({ ...clientConfig(database.settings), options, max: 2 });
    const content = records(8, 'k');
    const batch = batchOf('halved', content);
    const writer = createPostgresWriter({ pool: hasty, schema: 'public', prepare: true });
    try {
      await whileKeyIsHeld('halved', 'k7', async () => {
        for (let n = 0; n < 2; n++) {
          expect(await rejection(writer.write(batch, content, context))).toBeInstanceOf(SinkUnavailable);
        }
      });
      expect(await stored('halved')).toBeGreaterThan(0);
      expect((await attempt(hasty, batch, content)).counts).toMatchObject({ written: 8, duplicate: 0 });
      expect(await stored('halved')).toBe(8);
    } finally {
      await hasty.end();
    }
  });

  test('that is killed after a half of a chunk was stored counts that half once', async () => {
    const hasty = new pg.Pool({ ...clientConfig(database.settings), options: '-c statement_timeout=1s', max: 2 });
    hasty.on('error', () => {});
    const content = records(8, 'k');
    const batch = batchOf('half-killed', content);
    const writer = createPostgresWriter({ pool: hasty, schema: 'public', prepare: true });
    let writing: ReturnType<typeof attempt> | undefined;
    try {
      await whileKeyIsHeld('half-killed', 'k7', async () => {
        expect(await rejection(writer.write(batch, content, context))).toBeInstanceOf(SinkUnavailable);
        writing = writer.write(batch, content, context);
        await until('a half is stored', async () => (await stored('half-killed')) > 0);
        await kill();
      });
      expect((await writing)?.counts).toMatchObject({ written: 8, duplicate: 0 });
      expect(await stored('half-killed')).toBe(8);
    } finally {
      await hasty.end();
    }
  });

  test('waits for another one that holds a key, and stores the record if that one rolls back', async () => {
    const content = [record('held'), record('free')];
    let writing: ReturnType<typeof attempt> | undefined;
    await whileKeyIsHeld('wait', 'held', async () => {
      writing = attempt(database.pool, batchOf('wait', content), content);
      await waiting();
    });
    expect((await writing)?.counts).toMatchObject({ written: 2, duplicate: 0 });
  });

  describe('that probes the server', () => {
    const { signal } = new AbortController();
    const probe = (pool: Pool) => createPostgresWriter({ pool, schema: 'public', prepare: true }).probe(signal);

    test('stores nothing', async () => {
      const tables = ['raw_events', 'raw_event_keys', 'raw_event_batches'];
      const rows = () => Promise.all(tables.map((table) => database.count(`select count(*) from ${table}`)));
      const before = await rows();
      await probe(database.pool);
      expect(await rows()).toEqual(before);
    });

    test('finds out that it is read-only', async () => {
      const pool = createPool(database.settings, { maxConnections: 1 });
      pool.on('connect', (client) => void client.query('set default_transaction_read_only = on'));
      const error = await rejection(probe(pool));
      await pool.end();
      expect(error).toBeInstanceOf(SinkUnavailable);
      expect(error.message).toContain('25006');
    });

    test.each(['raw_events', 'raw_event_keys', 'raw_event_batches'])('finds out that %s is missing', async (table) => {
      await database.rows(`alter table ${table} rename to away`);
      const error = await rejection(probe(database.pool));
      await database.rows(`alter table away rename to ${table}`);
      expect(error).toBeInstanceOf(SinkMisconfigured);
      expect(error.message).toContain('./daybook migrate');
    });

    test('fails soon if the table is locked', async () => {
      const locker = await database.pool.connect();
      await locker.query('begin; lock table raw_events');
      const startedMs = performance.now();
      const error = await rejection(probe(database.pool));
      const tookMs = performance.now() - startedMs;
      await locker.query('rollback');
      locker.release();
      expect(error).toBeInstanceOf(SinkUnavailable);
      // The lock is not released before this: without a limit of its own the probe would hang.
      expect(tookMs).toBeLessThan(30_000);
    });
  });

  test('that finds no server fails as unavailable and says where it looked', async () => {
    const port = await freePort();
    const pool = createPool({ ...database.settings, port }, { maxConnections: 1 });
    const error = await rejection(attempt(pool, batchOf('none', records(1)), records(1)));
    expect(error).toBeInstanceOf(SinkUnavailable);
    expect(error.message).toMatch(new RegExp(`127\\.0\\.0\\.1:${port}.*PG_HOST and PG_PORT`));
    await pool.end();
  });
});
