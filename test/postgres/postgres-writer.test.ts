import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SpooledRecord } from '../../src/domain/run/record.ts';
import { createPostgresWriter } from '../../src/sinks/postgres/writer/postgres-writer.ts';
import { createDatabase, type TestDatabase } from '../support/servers/database.ts';
import { attempt, batchOf, context, record, records } from './batches.ts';
import { servers } from './servers.ts';

describe.each(servers)('a batch on $name', ({ server }) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createDatabase(server);
  });
  afterAll(async () => database.drop());

  const write = (source: string, content: readonly SpooledRecord[]) =>
    attempt(database.pool, batchOf(source, content), content);
  const stored = (source: string) =>
    database.rows(
      `select source_id as id, payload::text as payload, to_char(occurred_at, 'YYYY-MM-DD HH24:MI:SS.US') as at
       from raw_events where source = $1 order by source_id collate "C"`,
      [source],
    );
  const keys = (source: string) => database.count('select count(*) from raw_event_keys where source = $1', [source]);

  test('is stored value for value', async () => {
    const content = [
      record('a', '2026-11-01T00:00:00.000001Z', '{"b":[1.10,"é😀\\n\\u2028"],"a":null}'),
      record(`"quoted", 'single' {brace} \\back\n`, '2026-11-01', '"text alone"'),
    ];
    const { counts } = await write('values', content);
    expect(counts).toEqual({ written: 2, duplicate: 0, refused: 0, expired: 0, deferred: 0 });
    for (const { sourceId, occurredAt, payload } of content) {
      const equal = await database.count(
        `select count(*) from raw_events where source = 'values' and source_id = $1 and occurred_at = $2::timestamptz
         and payload = $3::jsonb and not processed and created_at > now() - interval '1 minute'`,
        [sourceId, occurredAt, payload],
      );
      expect(equal, sourceId).toBe(1);
    }
  });

  test('stores every record exactly once beside others that hold the same ones in another order', async () => {
    const ids = Array.from({ length: 2_500 }, (_, n) => `id-${n}`);
    const [shuffled] = fc.sample(
      fc.array(fc.shuffledSubarray(ids, { minLength: 1_400 }), { minLength: 8, maxLength: 8 }),
      { numRuns: 1, seed: 7 },
    );
    const batches = (shuffled ?? []).map((batch, n) =>
      batch.map((id) => record(id, `2026-11-0${((Number(id.slice(3)) + n) % 5) + 1}`)),
    );
    const results = await Promise.all(batches.map(async (content) => write('overlap', content)));
    const distinct = new Set(batches.flat().map(({ sourceId }) => sourceId)).size;
    const sum = (name: 'written' | 'duplicate') => results.reduce((total, { counts }) => total + counts[name], 0);
    expect(sum('written')).toBe(distinct);
    expect(sum('written') + sum('duplicate')).toBe(batches.flat().length);
    const rows = await stored('overlap');
    expect(new Set(rows.map((row) => row['id'])).size).toBe(distinct);
    expect(rows).toHaveLength(distinct);
    expect(await keys('overlap')).toBe(distinct);
  });

  test('written twice reports the same counts, also by two attempts at once', async () => {
    await write('twice', records(500, 'x'));
    const content = [...records(1_700, 'x'), ...records(200, 'x')];
    const batch = batchOf('twice', content);
    const attempts = await Promise.all([1, 2, 3].map(async () => attempt(database.pool, batch, content)));
    attempts.push(await attempt(database.pool, batch, content));
    for (const { counts } of attempts) expect(counts).toMatchObject({ written: 1_200, duplicate: 700 });
    expect(await stored('twice')).toHaveLength(1_700);
  });

  test('of another run with the same records is all duplicate', async () => {
    await write('again', records(3));
    expect((await write('again', records(3))).counts).toMatchObject({ written: 0, duplicate: 3 });
  });

  test('with a key twice on different days stores the first in page order', async () => {
    const content = [record('k', '2026-11-05', '1'), record('k', '2026-11-01', '2'), record('k', '2026-11-09', '3')];
    expect((await write('days', content)).counts).toMatchObject({ written: 1, duplicate: 2 });
    expect((await write('days', [record('k', '2026-11-02', '4')])).counts).toMatchObject({ duplicate: 1 });
    expect(await stored('days')).toEqual([{ id: 'k', payload: '1', at: '2026-11-05 12:00:00.000000' }]);
  });

  test('with a key in two of its chunks stores the first', async () => {
    const content = [record('k', '2026-11-01', '1'), ...records(1_500, 'between-'), record('k', '2026-11-02', '2')];
    expect((await write('chunks', content)).counts).toMatchObject({ written: 1_501, duplicate: 1 });
    const [row] = (await stored('chunks')).filter(({ id }) => id === 'k');
    expect(row?.['payload']).toBe('1');
  });

  test('keeps sources apart, and ids that only look alike', async () => {
    const alike = ['a', 'A', 'a ', ' a', 'á', 'a\u0301', 'ß', 'ss', '1', '01', '1.0'].map((id) => record(id));
    for (const source of ['one', 'two']) expect((await write(source, alike)).counts.written).toBe(alike.length);
  });

  test('of no records writes nothing', async () => {
    expect((await write('none', [])).counts).toMatchObject({ written: 0, duplicate: 0 });
  });

  test('of larger records than fit one statement is stored whole', async () => {
    const text = 'x'.repeat(3 * 1024 * 1024);
    const content = Array.from({ length: 4 }, (_, n) => record(`${n}`, '2026-11-01', `"${text}"`));
    expect((await write('large', content)).counts.written).toBe(4);
    const lengths = await database.rows(`select length(payload::text) as n from raw_events where source = 'large'`);
    expect(new Set(lengths.map(({ n }) => n))).toEqual(new Set([String(text.length + 2)]));
  });

  test('is stored alike with and without prepared statements', async () => {
    const writer = createPostgresWriter({ pool: database.pool, schema: 'public', prepare: false });
    const content = records(1_200, 'p');
    const batch = batchOf('unprepared', content);
    for (let n = 0; n < 2; n++) expect((await writer.write(batch, content, context)).counts.written).toBe(1_200);
  });

  test('cut in any way gives the same rows', async () => {
    const day = fc.integer({ min: 1, max: 4 }).map((number) => `2026-11-0${number}`);
    const content = fc.array(fc.tuple(fc.integer({ min: 0, max: 30 }), day), { minLength: 1, maxLength: 60 });
    const sizes = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 6 });
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(content, sizes, async (tuples, cuts) => {
        const source = `cut-${runs++}`;
        const all = tuples.map(([id, on], n) => record(`id-${String(id).padStart(2, '0')}`, on, String(n)));
        let written = 0;
        for (let from = 0, n = 0; from < all.length; n++) {
          const size = cuts[n % cuts.length] ?? 1;
          written += (await write(source, all.slice(from, from + size))).counts.written;
          from += size;
        }
        const first = new Map(all.toReversed().map((one) => [one.sourceId, one]));
        const expected = [...first.values()].map(({ sourceId, occurredAt, payload }) => ({
          id: sourceId,
          payload,
          at: occurredAt.replace('T', ' ').slice(0, 26),
        }));
        expect(await stored(source)).toEqual(expected.sort((a, b) => (a.id < b.id ? -1 : 1)));
        expect(written).toBe(first.size);
      }),
      { numRuns: 8 },
    );
  });
});
