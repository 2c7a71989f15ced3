import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { SpooledRecord } from '../../../src/domain/run/record.ts';
import { createPostgresWriter } from '../../../src/sinks/postgres/writer/postgres-writer.ts';
import { createDatabase, type TestDatabase } from '../../support/servers/database.ts';
import { attempt, batchOf, context, record } from '../batches.ts';
import { servers } from '../servers.ts';

describe.each(servers)('a record of a retired day on $name', ({ server }) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createDatabase(server);
  });
  afterAll(async () => database.drop());
  beforeEach(async () => void (await retire('0001-01-01')));

  const retire = (before: string) => database.rows('update raw_event_floor set retired_before = $1::date', [before]);
  const days = async (source: string) => {
    const rows = await database.rows(
      `select to_char(occurred_at, 'YYYY-MM-DD') as day from raw_events where source = $1 order by occurred_at`,
      [source],
    );
    return rows.map(({ day }) => day);
  };
  const write = (source: string, content: readonly SpooledRecord[]) =>
    attempt(database.pool, batchOf(source, content), content);

  test('is expired, the rest goes in, and no partition is made for it', async () => {
    await retire('2026-10-02');
    const content = [
      record('a', '2026-10-01T23:59:59.999999Z'),
      record('b', '2026-10-02T00:00:00.000000Z'),
      record('c', '2020-01-01'),
      record('d', '2026-10-03'),
    ];
    const batch = batchOf('floor', content);
    for (let n = 0; n < 2; n++) {
      expect((await attempt(database.pool, batch, content)).counts).toMatchObject({
        written: 2,
        duplicate: 0,
        expired: 2,
      });
    }
    expect(await days('floor')).toEqual(['2026-10-02', '2026-10-03']);
    const stray = await database.count(
      `select count(*) from pg_class where relname in ('raw_events_2026_10_01', 'raw_events_2020_01_01')`,
    );
    expect(stray).toBe(0);
    // It leaves no key: once the day is brought back, the record goes in.
    expect(await database.count(`select count(*) from raw_event_keys where source = 'floor'`)).toBe(2);
  });

  test('is not expired where an earlier attempt stored it: a retry reports the same', async () => {
    for (const [source, other] of [
      ['mixed', record('b', '2026-09-05')],
      ['all', record('b', '2026-09-02')],
    ] as const) {
      await retire('0001-01-01');
      const content = [record('a', '2026-09-01'), other];
      const batch = batchOf(source, content);
      const first = await attempt(database.pool, batch, content);
      expect(first.counts).toMatchObject({ written: 2 });
      await retire('2026-09-03');
      expect((await attempt(database.pool, batch, content)).counts, source).toEqual(first.counts);
    }
  });

  test('is expired for a writer that knew the partition before it was retired and dropped', async () => {
    const writer = createPostgresWriter({ pool: database.pool, schema: 'public', prepare: true });
    const first = [record('a', '2026-08-01')];
    await writer.write(batchOf('known', first), first, context);
    await retire('2026-08-02');
    await database.rows('drop table raw_events_2026_08_01');
    const second = [record('b', '2026-08-01'), record('c', '2026-08-02')];
    const { counts } = await writer.write(batchOf('known', second), second, context);
    expect(counts).toMatchObject({ written: 1, expired: 1 });
  });

  test('whose partition was dropped, but whose day is not retired, is stored in a new one', async () => {
    const writer = createPostgresWriter({ pool: database.pool, schema: 'public', prepare: true });
    const write1 = [record('a', '2026-07-01')];
    await writer.write(batchOf('dropped', write1), write1, context);
    await database.rows('drop table raw_events_2026_07_01');
    const write2 = [record('b', '2026-07-01')];
    expect((await writer.write(batchOf('dropped', write2), write2, context)).counts.written).toBe(1);
    expect(await days('dropped')).toEqual(['2026-07-01']);
  });

  test('that repeats a stored one is still expired', async () => {
    await write('dup', [record('a', '2026-06-01')]);
    await retire('2026-06-02');
    expect((await write('dup', [record('a', '2026-06-01')])).counts).toMatchObject({ written: 0, expired: 1 });
  });
});
