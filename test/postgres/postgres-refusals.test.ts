import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SinkMisconfigured, SinkUnavailable } from '../../src/domain/errors.ts';
import type { SpooledRecord } from '../../src/domain/run/record.ts';
import { createPostgresWriter } from '../../src/sinks/postgres/writer/postgres-writer.ts';
import { createDatabase, type TestDatabase } from '../support/servers/database.ts';
import { attempt, batchOf, context, record, records, rejection } from './batches.ts';
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

    test('among others in a large batch is found in few statements', async () => {
      const bad = new Set([0, 999, 1_000, 2_345]);
      const content = records(2_500).map((one, n) => (bad.has(n) ? { ...one, payload: '{"n":1e200000}' } : one));
      const { counts, refused } = await attempt(database.pool, batchOf('few', content), content);
      expect(counts).toMatchObject({ written: 2_496, refused: 4 });
      expect(refused.map(({ index }) => index)).toEqual([...bad]);
    });

    test('like over half of its batch is a fault of configuration', async () => {
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

  /** What a user's trigger does with each new row; the statement is PL/pgSQL. */
  async function withTrigger(statement: string, when: string, work: () => Promise<void>): Promise<void> {
    await database.rows(`select ensure_partition('2026-11-01')`);
    await database.rows(
      `create function judge_row() returns trigger language plpgsql as $body$ begin
         if ${when} then ${statement}; end if; return new; end $body$`,
    );
    // On the day's own partition: before PostgreSQL 13 the table as a whole can have no such trigger.
    await database.rows(
      'create trigger judge before insert on raw_events_2026_11_01 for each row execute function judge_row()',
    );
    try {
      await work();
    } finally {
      await database.rows('drop function judge_row() cascade');
    }
  }
  const isBad = `new.source_id like 'bad%'`;
  const oneBad = [...records(4, 'a'), record('bad'), ...records(5, 'b')];
  const refusesOne = { written: 9, duplicate: 0, refused: 1, expired: 0, deferred: 0 };
  let sources = 0;
  const nextSource = () => `trigger-${sources++}`;
  /** Writes the batch with the bad one, and tells what became of it. */
  async function writeOneBad() {
    const source = nextSource();
    const { counts, refused } = await attempt(database.pool, batchOf(source, oneBad), oneBad);
    return { counts, refused: refused.map(({ index }) => index), rows: await count('raw_events', source) };
  }
  const onlyTheBadRefused = { counts: refusesOne, refused: [4], rows: 9 };

  describe('a row that a user’s trigger refuses, by', () => {
    const statements: readonly [string, string][] = [
      ...[
        'P0001',
        'P0002',
        'P0003',
        'P0004',
        '22012',
        '23505',
        '23503',
        '23P01',
        '23001',
        '23514',
        '23000',
        '44000',
        '38000',
        '39000',
        '2F000',
        '09000',
        '20000',
        '21000',
        '27000',
        '42501',
        '42P01',
        '55000',
        'XY001',
        'DB001',
      ].map((code): [string, string] => [code, `raise 'not this one' using errcode = '${code}'`]),
      ['an assertion', `assert false, 'not this one'`],
      ['a division by zero', 'perform 1 / 0'],
      ['a case that is not there', 'case 1 when 2 then null; end case'],
      ['a query of too many rows', 'perform (select generate_series(1, 2))'],
      ['a table that is not there', 'insert into no_such_table values (1)'],
      ['a function that is not there', 'perform no_such_function()'],
      ['another partition', `new.occurred_at := new.occurred_at + interval '1 day'`],
    ];

    test.each(statements)('%s, is a dead letter; its neighbours are stored', async (_how, statement) => {
      await withTrigger(statement, isBad, async () => {
        const [source, batch] = [nextSource(), batchOf('', oneBad)];
        const first = await attempt(database.pool, { ...batch, source }, oneBad);
        expect(first.counts).toEqual(refusesOne);
        expect(first.refused).toMatchObject([{ index: 4, record: { sourceId: 'bad' } }]);
        expect(await count('raw_events', source)).toBe(9);
        expect(await count('raw_event_keys', source)).toBe(9);
      });
    });

    test.each(['40001', '40P01', '55P03', '57014', '53100', '58030', '08006', '57P01', 'XX000'])(
      '%s, which is usually transient, is one after three attempts',
      async (code) => {
        await withTrigger(`raise 'not this one' using errcode = '${code}'`, isBad, async () => {
          const batch = batchOf(nextSource(), oneBad);
          const writer = createPostgresWriter({ pool: database.pool, schema: 'public', prepare: true });
          for (let n = 0; n < 2; n++) {
            expect(await rejection(writer.write(batch, oneBad, context))).toBeInstanceOf(SinkUnavailable);
          }
          expect((await writer.write(batch, oneBad, context)).counts).toEqual(refusesOne);
        });
      },
    );
  });

  test('a missing table of a trigger is a fault of configuration, also for a single row', async () => {
    await withTrigger('insert into no_such_table values (1)', 'true', async () => {
      for (const content of [records(1, 'one'), records(8, 'few'), records(300, 'many')]) {
        const error = await rejection(attempt(database.pool, batchOf(nextSource(), content), content));
        expect(error).toBeInstanceOf(SinkMisconfigured);
        expect(error.message).toContain('no_such_table');
      }
    });
  });

  test('a trigger that refuses every row of a large batch is configuration', async () => {
    await withTrigger(`raise 'no more'`, 'true', async () => {
      const content = records(1_500);
      const error = await rejection(attempt(database.pool, batchOf(nextSource(), content), content));
      expect(error).toBeInstanceOf(SinkMisconfigured);
      expect(error.message).toMatch(/all 40 tried records of a batch of 1500 .*no more/);
    });
  });

  describe('a row that a user’s constraint refuses', () => {
    const constraints: readonly [string, string, string][] = [
      [
        'a unique index on the payload',
        `create unique index once on raw_events_2026_11_01 ((payload ->> 'url'))`,
        'drop index once',
      ],
      [
        'a unique index on the ledger',
        `create unique index once on raw_event_keys (lower(source_id)) where source like 'trigger-%' and lower(source_id) like 'bad%'`,
        'drop index once',
      ],
      [
        'an exclusion constraint',
        `alter table raw_events_2026_11_01 add constraint once exclude using btree ((payload ->> 'url') with =)`,
        'alter table raw_events_2026_11_01 drop constraint once',
      ],
    ];

    test.each(constraints)('%s is a dead letter; its neighbours are stored', async (_what, set, clear) => {
      await database.rows(`select ensure_partition('2026-11-01')`);
      await database.rows(set);
      try {
        const first = [record('BAD', '2026-11-01', '{"url":"taken"}')];
        await attempt(database.pool, batchOf(nextSource(), first), first);
        const content = oneBad.map((one) => (one.sourceId === 'bad' ? { ...one, payload: '{"url":"taken"}' } : one));
        const { counts, refused } = await attempt(database.pool, batchOf(nextSource(), content), content);
        expect(counts).toEqual(refusesOne);
        expect(refused).toMatchObject([{ index: 4 }]);
      } finally {
        await database.rows(clear);
        await database.rows(`delete from raw_events; delete from raw_event_keys`);
      }
    });

    test.each([false, true])('a foreign key is a dead letter, also where it is deferred: %s', async (deferred) => {
      await database.rows('create table sites (id text primary key)');
      await database.rows(`insert into sites select source_id from unnest($1::text[]) source_id`, [
        oneBad.flatMap(({ sourceId }) => (sourceId === 'bad' ? [] : [sourceId])),
      ]);
      await database.rows(
        `alter table raw_event_keys add constraint known foreign key (source_id) references sites
         ${deferred ? 'deferrable initially deferred' : ''} not valid`,
      );
      try {
        expect(await writeOneBad()).toEqual(onlyTheBadRefused);
      } finally {
        await database.rows('drop table sites cascade');
      }
    });

    test('by a trigger on the statement as a whole is a dead letter', async () => {
      await database.rows(
        `create function judge_rows() returns trigger language plpgsql as $$ begin
           if exists (select from new_rows where source_id like 'bad%') then raise 'there is a bad one'; end if;
           return null; end $$`,
      );
      await database.rows(
        `create trigger judge after insert on raw_event_keys referencing new table as new_rows for each statement
         execute function judge_rows()`,
      );
      try {
        expect(await writeOneBad()).toEqual(onlyTheBadRefused);
      } finally {
        await database.rows('drop function judge_rows() cascade');
      }
    });

    test('by a deferred constraint trigger, at the commit, is a dead letter', async () => {
      await database.rows(
        `create function judge_late() returns trigger language plpgsql as $$ begin
           if new.source_id like 'bad%' then raise 'a bad one' using errcode = 'XY002'; end if; return null; end $$`,
      );
      await database.rows(
        `create constraint trigger judge after insert on raw_event_keys deferrable initially deferred for each row
         execute function judge_late()`,
      );
      try {
        expect(await writeOneBad()).toEqual(onlyTheBadRefused);
      } finally {
        await database.rows('drop function judge_late() cascade');
      }
    });
  });

  test('ids that are behind the rows refuse no row', async () => {
    const content = records(3, 'x');
    const source = nextSource();
    await attempt(database.pool, batchOf(source, content), content);
    await database.rows(
      `select setval(pg_get_serial_sequence('raw_events', 'id'), min(id), false) from raw_events where source = $1`,
      [source],
    );
    const batch = batchOf(nextSource(), content);
    const writer = createPostgresWriter({ pool: database.pool, schema: 'public', prepare: true });
    const error = await rejection(writer.write(batch, content, context));
    expect(error).toBeInstanceOf(SinkUnavailable);
    expect(error.message).toContain('setval');
    await database.rows(`select setval(pg_get_serial_sequence('raw_events', 'id'), (select max(id) from raw_events))`);
    expect((await writer.write(batch, content, context)).counts).toMatchObject({ written: 3, refused: 0 });
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
