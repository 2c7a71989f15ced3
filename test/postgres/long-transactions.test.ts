import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { longTransactions } from '../../src/sinks/postgres/connection/long-transactions.ts';
import { createDatabase, type TestDatabase } from '../support/servers/database.ts';
import { attempt, batchOf, records } from './batches.ts';
import { servers } from './servers.ts';

describe.each(servers)('longTransactions on $name', ({ server }) => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await createDatabase(server);
    await attempt(database.pool, batchOf('news', []), records(3));
  });
  afterEach(async () => database.drop());

  test.each([
    ['raw_events', 'select count(*) from raw_events', 1],
    ['a partition', 'select count(*) from raw_events_2026_11_01', 1],
    ['another table', 'select count(*) from raw_event_keys', 0],
  ])('names long readers of %s, and no short ones', async (_, statement, found) => {
    const reader = await database.pool.connect();
    await reader.query(`set application_name = 'report'`);
    await reader.query('begin');
    await reader.query(statement);
    const pid = Number((await reader.query<{ pid: number }>('select pg_backend_pid() as pid')).rows[0]?.pid);
    const look = (seconds: number) => longTransactions(database.pool, 'public.raw_events', seconds);
    expect(await look(60)).toEqual([]);
    const expected = {
      pid,
      user: server.user,
      application: 'report',
      since: expect.stringMatching(/^\d{4}-.*Z$/) as string,
    };
    expect(await look(0)).toEqual(found ? [expected] : []);
    await reader.query('rollback');
    reader.release(true);
    expect(await look(0)).toEqual([]);
  });
});
