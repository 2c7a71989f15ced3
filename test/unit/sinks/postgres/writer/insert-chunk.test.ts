import { createRequire } from 'node:module';
import fc from 'fast-check';
import type { ClientBase } from 'pg';
import { describe, expect, test, vi } from 'vitest';
import { SinkUnavailable } from '../../../../../src/domain/errors.ts';
import {
  arrayText,
  chunkStatement,
  insertChunk,
  insertParameters,
  insertStatement,
} from '../../../../../src/sinks/postgres/writer/insert-chunk.ts';
import { record } from '../../records.ts';

const chunk = {
  source: 'news',
  records: [record('a'), record('b'), record('a')],
  token: 'run/0/hash/0-3',
  removals: 2,
};

/** A connection that gives these results, one a query. */
function connection(...results: unknown[][]) {
  const query = vi.fn<(config: unknown, values?: unknown[]) => Promise<object>>(async () => ({
    rows: results.shift(),
  }));
  return { query, client: { query } as unknown as ClientBase };
}

describe('insertStatement', () => {
  test('takes keys in the ledger order, then only their rows, then the token; nothing where it comes late', () => {
    expect(insertStatement('public')).toMatchInlineSnapshot(`
      "with input as materialized (
        select source_id, occurred_at::timestamptz as occurred_at, payload::jsonb as payload
        from unnest($2::text[], $3::text[], string_to_array($4::text, E'\\n')) as chunk(source_id, occurred_at, payload)
      ), late as materialized (
        select coalesce(sum(written) filter (where token <> $5::text), 0) <> $7::int as removed,
          count(*) filter (where token = $5::text) > 0 as stored
        from "public".raw_event_batches
        where token in ($5::text, 'removed/*', 'removed/' || $1::text)
      ), new_keys as (
        insert into "public".raw_event_keys (source, source_id, occurred_at)
        select $1::text, source_id, occurred_at from input where (select not stored and not removed from late)
        order by source_id collate "C"
        on conflict (source, source_id) do nothing
        returning source_id
      ), new_events as (
        insert into "public".raw_events (source, source_id, occurred_at, payload)
        select $1::text, source_id, occurred_at, payload from input
        where source_id in (select source_id from new_keys)
        returning 1
      ), counts as (
        select "public".check_stored((select count(*) from new_keys), (select count(*) from new_events))::int as written
      ), new_token as (
        insert into "public".raw_event_batches (token, written, duplicate)
        select $5::text, written, $6::int - written from counts where (select not removed from late)
        on conflict (token) do nothing
        returning 1
      )
      select written, exists (select from new_token) as first, (select removed from late) as removed from counts"
    `);
  });

  test('quotes a schema of any name', () => {
    expect(insertStatement('My "Own"')).toContain('insert into "My ""Own""".raw_event_keys');
    expect(chunkStatement('My "Own"', true).recall).toContain('from "My ""Own""".raw_event_batches');
  });
});

describe('arrayText', () => {
  test('is what pg makes of an array', () => {
    const { prepareValue } = createRequire(import.meta.url)('pg/lib/utils') as {
      prepareValue: (value: readonly string[]) => string;
    };
    const piece = fc.constantFrom('"', '\\', '{', '}', ',', 'NULL', ' ', '\n', '\t', "'", 'é', '😀', 'a');
    const text = fc.oneof(
      fc.string(),
      fc.array(piece).map((pieces) => pieces.join('')),
    );
    fc.assert(
      fc.property(fc.array(text), (items) => {
        expect(arrayText(items)).toBe(prepareValue(items));
      }),
      { numRuns: 500 },
    );
  });
});

describe('insertParameters', () => {
  test('leaves out repeats inside the chunk and keeps the earliest', () => {
    const records = [
      record('b', { payload: '{"v":1}' }),
      record('a', { occurredAt: '2026-11-02T00:00:00.000001Z', payload: '{"v":2}' }),
      record('b', { occurredAt: '2026-11-03T00:00:00.000000Z', payload: '{"v":3}' }),
    ];
    expect(insertParameters({ source: 'news', records, token: 'run/0/hash/0-3', removals: 2 })).toEqual([
      'news',
      '{"b","a"}',
      '{"2026-11-01T00:00:00.000000Z","2026-11-02T00:00:00.000001Z"}',
      '{"v":1}\n{"v":2}',
      'run/0/hash/0-3',
      3,
      2,
    ]);
  });

  test('takes ids for repeats only where they are the same to the last character', () => {
    const ids = ['a', 'A', 'a ', 'á', 'a\u0301'];
    const [, kept] = insertParameters({ source: 'news', records: ids.map((id) => record(id)), token: '', removals: 0 });
    expect(kept).toBe(arrayText(ids));
  });
});

describe('insertChunk', () => {
  test('counts what is not new as duplicate, repeats inside the chunk included', async () => {
    const { client, query } = connection([{ written: 1, first: true }]);
    expect(await insertChunk(client, chunkStatement('public', true), chunk)).toEqual({ written: 1, duplicate: 2 });
    expect(query).toHaveBeenCalledTimes(1);
  });

  test('reads the counts of an earlier attempt back by its token', async () => {
    const { client, query } = connection([{ written: 0, first: false }], [{ written: 2, duplicate: 1 }]);
    const statement = chunkStatement('public', true);
    expect(await insertChunk(client, statement, chunk)).toEqual({ written: 2, duplicate: 1 });
    expect(query).toHaveBeenLastCalledWith(statement.recall, ['run/0/hash/0-3']);
  });

  test('fails where the token of an earlier attempt is gone', async () => {
    const { client } = connection([{ written: 0, first: false }], []);
    await expect(insertChunk(client, chunkStatement('public', true), chunk)).rejects.toThrow('run/0/hash/0-3');
  });

  test('is left to a new attempt where records of the source were removed meanwhile', async () => {
    const { client } = connection([{ written: 0, first: false, removed: true }], []);
    const failing = insertChunk(client, chunkStatement('public', true), chunk);
    await expect(failing).rejects.toThrow(SinkUnavailable);
    await expect(failing).rejects.toThrow('records of news were deleted');
  });

  test('reads the counts of an earlier attempt back also where records were removed since', async () => {
    const { client } = connection([{ written: 0, first: false, removed: true }], [{ written: 2, duplicate: 1 }]);
    expect(await insertChunk(client, chunkStatement('public', true), chunk)).toEqual({ written: 2, duplicate: 1 });
  });

  test.each([true, false])('names its statement only where it may be prepared: %s', async (prepare) => {
    const { client, query } = connection([{ written: 2, first: true }]);
    await insertChunk(client, chunkStatement('public', prepare), chunk);
    expect(query.mock.calls.map(([config]) => 'name' in (config as object))).toEqual([prepare]);
  });
});
