import pg from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SinkUnavailable } from '../../../src/domain/errors.ts';
import { clientConfig } from '../../../src/sinks/postgres/connection/client.ts';
import { forgetRows } from '../../../src/sinks/postgres/commands/forget-rows.ts';
import { withOwner } from '../../../src/sinks/postgres/days/maintenance-session.ts';
import { besideNoWriter } from '../../../src/sinks/postgres/writer/removals.ts';
import { resetDatabase } from '../../../src/sinks/postgres/commands/reset.ts';
import { createDatabase, type TestDatabase } from '../../support/servers/database.ts';
import { startTcpProxy, type HeldRequests, type TcpProxy } from '../../support/servers/tcp-proxy.ts';
import { until } from '../../support/until.ts';
import { attempt, batchOf, record, records, rejection } from '../batches.ts';
import { servers } from '../servers.ts';

const insert = 'with input';

describe.each(servers)('a delayed insert into $name', ({ server }) => {
  let database: TestDatabase;
  let network: TcpProxy;
  /** Gives an answer up after half a second, as a writer does after 75. */
  let hasty: pg.Pool;
  beforeEach(async () => {
    database = await createDatabase(server);
    network = await startTcpProxy(server.host, server.port);
    hasty = overNetwork({ query_timeout: 500 });
  });
  afterEach(async () => {
    await hasty.end();
    await network.close();
    await database.drop();
  });

  function overNetwork(options: pg.PoolConfig): pg.Pool {
    const settings = { ...database.settings, host: '127.0.0.1', port: network.port };
    const pool = new pg.Pool({ ...clientConfig(settings), max: 3, ...options });
    pool.on('error', () => {});
    return pool;
  }

  const left = async () => ({
    rows: await database.count('select count(*) from raw_events'),
    keys: await database.count('select count(*) from raw_event_keys'),
  });
  const forget = () => forgetRows(database.settings, { day: null, source: 'news' }, () => undefined);
  const nothing = { rows: 0, keys: 0 };
  const content = records(200);

  /** A batch whose first statement is delayed, and whose second, on another connection, stored it. */
  async function storedByRetry(): Promise<HeldRequests> {
    const held = network.holdBack(insert, 1);
    const { counts } = await attempt(hasty, batchOf('news', content), content);
    expect(counts).toMatchObject({ written: 200, duplicate: 0 });
    expect(held.count()).toBe(1);
    return held;
  }

  test('whose retry has stored everything restores nothing that was forgotten since', async () => {
    const held = await storedByRetry();
    expect(await forget()).toMatchObject({ rows: 200, keys: 200 });
    await held.release();
    expect(await left()).toEqual(nothing);
    expect((await attempt(database.pool, batchOf('news', content), content)).counts).toMatchObject({ written: 200 });
  });

  test('whose retry has stored everything restores nothing after a reset', async () => {
    const held = await storedByRetry();
    await resetDatabase(database.settings, false);
    await held.release();
    expect(await left()).toEqual(nothing);
  });

  test('whose retry had to halve its chunk restores nothing', async () => {
    const held = network.holdBack(insert, 1);
    await database.rows(`alter table raw_events add constraint none_is_bad check (source_id <> 'bad')`);
    const bad = [...content, record('bad')];
    const { counts } = await attempt(hasty, batchOf('news', bad), bad);
    expect(counts).toMatchObject({ written: 200, refused: 1 });
    expect(held.count()).toBe(1);
    await forget();
    await database.rows('alter table raw_events drop constraint none_is_bad');
    await held.release();
    expect(await left()).toEqual(nothing);
  });

  test.each(['forget', 'reset'] as const)(
    'that was never retried restores nothing after %s: its run was terminated',
    async (command) => {
      await attempt(database.pool, batchOf('news', content), content);
      const held = network.holdBack(insert, 2);
      expect(await rejection(attempt(hasty, batchOf('news', content), content))).toBeInstanceOf(SinkUnavailable);
      expect(held.count()).toBe(2);
      if (command === 'forget') await forget();
      else await resetDatabase(database.settings, false);
      await held.release();
      expect(await left()).toEqual(nothing);
    },
  );

  test('of a running run stores nothing after forget; its next attempt stores everything', async () => {
    const patient = overNetwork({});
    try {
      const batch = batchOf('news', content);
      const held = network.holdBack(insert, 1);
      const writing = rejection(attempt(patient, batch, content));
      await until('it is on its way', () => held.count() === 1);
      await forget();
      await held.release();
      const error = await writing;
      expect(error).toBeInstanceOf(SinkUnavailable);
      expect(error.message).toContain('records of news were deleted');
      expect(await left()).toEqual(nothing);
      expect((await attempt(patient, batch, content)).counts).toMatchObject({ written: 200, duplicate: 0 });
    } finally {
      await patient.end();
    }
  });

  test('of another source is still stored', async () => {
    const patient = overNetwork({});
    try {
      const held = network.holdBack(insert, 1);
      const writing = attempt(patient, batchOf('other', content), content);
      await until('it is on its way', () => held.count() === 1);
      await attempt(database.pool, batchOf('news', content), content);
      await forget();
      await held.release();
      expect((await writing).counts).toMatchObject({ written: 200 });
      expect(await left()).toEqual({ rows: 200, keys: 200 });
    } finally {
      await patient.end();
    }
  });

  /** A transaction that holds one key, so that writers of it wait in mid-statement. */
  async function whileKeyIsHeld(id: string, work: () => Promise<void>): Promise<void> {
    const holder = await database.pool.connect();
    try {
      await holder.query('begin');
      await holder.query(`insert into raw_event_keys values ('news', $1, now())`, [id]);
      await work();
    } finally {
      await holder.query('rollback');
      holder.release();
    }
  }

  test('that is already running is waited for, and its records are forgotten too', async () => {
    await database.rows(`select ensure_partition('2026-11-01')`);
    let writing: ReturnType<typeof attempt> | undefined;
    let forgetting: ReturnType<typeof forget> | undefined;
    const isWaiting = (text: string) =>
      until(`${text} waits`, async () =>
        database.count(
          `select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like $1`,
          [text],
        ),
      );
    await whileKeyIsHeld('199', async () => {
      writing = attempt(database.pool, batchOf('news', content), content);
      await isWaiting('with input%');
      forgetting = forget();
      await isWaiting('%lock table%');
    });
    expect((await writing)?.counts).toMatchObject({ written: 200 });
    expect(await forgetting).toMatchObject({ rows: 200, keys: 200 });
    expect(await left()).toEqual(nothing);
  });

  test('that keeps running is named, and nothing is removed', async () => {
    await whileKeyIsHeld('1', async () => {
      const waiting = withOwner(database.settings, async (session) =>
        besideNoWriter(session, async () => expect.unreachable(), 1),
      );
      const error = await rejection(waiting);
      expect(error).toBeInstanceOf(SinkUnavailable);
      expect(error.message).toMatch(/process \d+ since \d{4}-.*insert into raw_event_keys/);
    });
  });

  test('of others waits a moment at most while many rows are forgotten', async () => {
    const many = Array.from({ length: 40_000 }, (_, n) => record(`k${n}`, n % 2 ? '2026-11-01' : '2026-11-02'));
    await attempt(database.pool, batchOf('news', many), many);
    const over = new AbortController();
    const forgetting = forget().finally(() => over.abort());
    let longestMs = 0;
    for (let n = 0; !over.signal.aborted; n++) {
      const startedAt = performance.now();
      const one = records(10, `${n}-`, '2026-11-02');
      expect((await attempt(database.pool, batchOf('other', one), one)).counts).toMatchObject({ written: 10 });
      longestMs = Math.max(longestMs, performance.now() - startedAt);
    }
    expect(await forgetting).toMatchObject({ rows: 40_000, keys: 40_000 });
    expect(longestMs).toBeLessThan(5_000);
  });
});
