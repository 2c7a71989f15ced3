import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SinkMisconfigured } from '../../src/domain/errors.ts';
import type { SpooledRecord } from '../../src/domain/record.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { attempt, batchOf, record, records, rejection } from './batches.ts';
import { servers } from './servers.ts';

describe.each(servers)('on $name', ({ server }) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createDatabase(server);
  });
  afterAll(async () => database.drop());

  const count = (table: 'raw_events' | 'raw_event_keys', source: string) =>
    database.count(`select count(*) from ${table} where source = $1`, [source]);

  describe('a record that PostgreSQL cannot store', () => {
    const unstorable: readonly [string, SpooledRecord][] = [
      ['a number that overflows', record('bad', '2026-11-01', '{"n":1e200000}')],
      ['more digits than a number may have', record('bad', '2026-11-01', `{"n":${'9'.repeat(140_000)}}`)],
      ['an escape for U+0000', record('bad', '2026-11-01', '{"t":"\\u0000"}')],
      ['a lone surrogate', record('bad', '2026-11-01', '{"t":"\\ud800"}')],
      ['a payload that is no JSON', record('bad', '2026-11-01', '{"t":')],
      ['U+0000 in its id', record('b\0d')],
      ['an id that no index takes', record(randomBytes(20_000).toString('base64'))],
      ['a date that does not exist', record('bad', '2026-11-01T25:00:00.000000Z')],
      [
        'nesting beyond the server’s stack',
        record('bad', '2026-11-01', `${'['.repeat(100_000)}${']'.repeat(100_000)}`),
      ],
    ];

    test.each(unstorable)(
      'for %s is refused, its neighbours are stored, and a retry reports the same',
      async (why, bad) => {
        const source = `refused-${unstorable.findIndex(([name]) => name === why)}`;
        const content = [...records(5, 'before-'), bad, ...records(6, 'after-')];
        const batch = batchOf(source, content);
        const first = await attempt(database.pool, batch, content);
        expect(first.counts).toEqual({ written: 11, duplicate: 0, refused: 1, expired: 0, deferred: 0 });
        expect(first.refused).toMatchObject([{ index: 5, record: bad }]);
        expect(await count('raw_events', source)).toBe(11);
        expect(await count('raw_event_keys', source)).toBe(11);
        expect(await attempt(database.pool, batch, content)).toEqual(first);
      },
    );

    test('does not keep a good record of the same id out', async () => {
      const content = [record('k', '2026-11-01', '{"n":1e200000}'), record('k', '2026-11-02', '{"n":1}')];
      const { counts } = await attempt(database.pool, batchOf('same-id', content), content);
      expect(counts).toMatchObject({ written: 1, refused: 1 });
    });

    test('is one of a few in a large batch, each found in few statements', async () => {
      const bad = new Set([0, 999, 1_000, 2_345]);
      const content = records(2_500).map((one, n) => (bad.has(n) ? { ...one, payload: '{"n":1e200000}' } : one));
      const { counts, refused } = await attempt(database.pool, batchOf('few', content), content);
      expect(counts).toMatchObject({ written: 2_496, refused: 4 });
      expect(refused.map(({ index }) => index)).toEqual([...bad]);
    });

    test('alike with over half of a batch is a fault of configuration', async () => {
      await database.rows(
        `alter table raw_events add constraint no_spam check (payload->>'id' not like 'spam%') not valid`,
      );
      try {
        const content = [...records(15), ...records(25, 'spam')];
        const error = await rejection(attempt(database.pool, batchOf('alike', content), content));
        expect(error).toBeInstanceOf(SinkMisconfigured);
        expect(error.message).toMatch(/25 of 40.*no_spam/);
        const single = [...records(15, 'x'), record('spam')];
        expect((await attempt(database.pool, batchOf('alike', single), single)).counts).toMatchObject({ refused: 1 });
      } finally {
        await database.rows('alter table raw_events drop constraint no_spam');
      }
    });
  });

  test('a trigger that drops rows rolls the chunk back, keys and all, until it is gone', async () => {
    const content = [...records(5), record('dropped')];
    const batch = batchOf('trigger', content);
    await database.rows(`create function drop_row() returns trigger language plpgsql as 'begin return null; end'`);
    // On the day's own partition: before PostgreSQL 13 the table as a whole can have no such trigger.
    await database.rows(`select ensure_partition('2026-11-01')`);
    await database.rows(
      `create trigger drop_row before insert on raw_events_2026_11_01 for each row when (new.source_id = 'dropped')
       execute function drop_row()`,
    );
    const error = await rejection(attempt(database.pool, batch, content));
    expect(error).toBeInstanceOf(SinkMisconfigured);
    expect(error.message).toContain('6 keys were new, but 5 rows were stored');
    expect(await count('raw_events', 'trigger')).toBe(0);
    expect(await count('raw_event_keys', 'trigger')).toBe(0);
    await database.rows(`drop trigger drop_row on raw_events_2026_11_01`);
    expect((await attempt(database.pool, batch, content)).counts).toMatchObject({ written: 6, duplicate: 0 });
  });
});
