import { describe, expect, test } from 'vitest';
import { formatMicros, microsOfDate } from '../../../../src/domain/time/timestamp.ts';
import { isAscending } from '../../../../src/sources/pagination/ascending-order.ts';
import { seededRandom } from '../../../support/seeded-random.ts';
import { pollSource, type Asked } from '../polled-source.ts';

const at = '2026-11-01T00:00:00Z';
const record = (id: number | string) => ({ id, at });
const numbers = (count: number) => Array.from({ length: count }, (_, n) => n + 1);
const texts = (count: number) => numbers(count).map(String);

/** A slice of records that starts where a number says. */
const slice = (count: number, from: number, size: number) =>
  numbers(count)
    .slice(from, from + size)
    .map(record);

describe.each([{ recordsAtOnce: 1_000 }, { recordsAtOnce: 1 }])('with %j', (options) => {
  test('a token in a header leads to the next page', async () => {
    const { ids, asked, end } = await pollSource(
      ['url: ORIGIN/x', 'paginator: { type: cursor, cursor_header: X-Next-Token, cursor_param: t }'],
      ({ query }) => {
        const from = Number(query.get('t') ?? 0);
        return { body: slice(5, from, 2), headers: from + 2 < 5 ? { 'x-next-token': String(from + 2) } : {} };
      },
      options,
    );
    expect(ids).toEqual(texts(5));
    expect(asked.map(({ query }) => query.get('t'))).toEqual([null, '2', '4']);
    expect(end).toMatchObject({ cutShort: false });
  });

  test('totals in headers end pages that are counted', async () => {
    const pages = await pollSource(
      ['url: ORIGIN/x', 'paginator: { type: page_number, total_header: X-Total-Pages }'],
      ({ query }) => ({ body: slice(4, 2 * (Number(query.get('page')) - 1), 2), headers: { 'X-Total-Pages': '2' } }),
      options,
    );
    expect(pages.ids).toEqual(texts(4));
    expect(pages.asked).toHaveLength(2);
    const records = await pollSource(
      ['url: ORIGIN/x', 'paginator: { type: offset, limit: 3, total_header: x-total-count }'],
      ({ query }) => ({ body: slice(7, Number(query.get('offset')), 3), headers: { 'X-Total-Count': '7' } }),
      options,
    );
    expect(records.ids).toEqual(texts(7));
  });

  test('a total that changes does not end a poll before its records', async () => {
    let total = 4;
    const { ids } = await pollSource(
      ['url: ORIGIN/x', 'records: rows', 'paginator: { type: offset, limit: 2, total_path: total }'],
      ({ query }) => {
        const rows = slice(6, Number(query.get('offset')), 2);
        const body = { rows, total };
        total = 6;
        return { body };
      },
      options,
    );
    expect(new Set(ids)).toEqual(new Set(texts(6)));
  });

  test.each([
    ['next_offset_path: next', (next: number | null) => ({ body: { next } })],
    [
      'next_offset_header: X-Next',
      (next: number | null) => ({ headers: next === null ? {} : { 'X-Next': String(next) } }),
    ],
  ])('a page says the offset of the next one: %s', async (key, says) => {
    const { ids, asked } = await pollSource(
      ['url: ORIGIN/x', 'records: rows', `paginator: { type: offset, limit: 2, ${key} }`],
      ({ query }) => {
        const from = Number(query.get('offset'));
        const { body = {}, headers = {} } = says(from < 20 ? from + 10 : null) as { body?: object; headers?: object };
        return { body: { rows: slice(6, from / 5, 2), ...body }, headers: headers as Record<string, string> };
      },
      options,
    );
    expect(ids).toEqual(texts(6));
    expect(asked.map(({ query }) => query.get('offset'))).toEqual(['0', '10', '20']);
  });

  test.each([
    ['relative', () => '?page=2'],
    ['absolute in its path', () => '/x?page=2'],
    ['with a fragment', ({ origin }: Asked) => `${origin}/x?page=2#top`],
    ['relative, with a fragment', () => 'x?page=2#top'],
    ['without a scheme', ({ origin }: Asked) => `${origin.replace('http:', '')}/x?page=2`],
  ])('a link that is %s leads to the next page', async (_title, next) => {
    const { ids, asked } = await pollSource(
      ['url: ORIGIN/x', 'records: rows', 'paginator: { type: json_link, next_url_path: next }'],
      (one) => ({ body: one.query.has('page') ? { rows: [record(2)] } : { rows: [record(1)], next: next(one) } }),
      options,
    );
    expect(ids).toEqual(['1', '2']);
    expect(asked.map(({ path }) => path)).toEqual(['/x', '/x?page=2']);
  });

  test('a keyset continues behind the last record', async () => {
    for (const lines of [
      ['url: ORIGIN/x', 'paginator: { type: keyset, key: id, key_param: after }'],
      ['url: "ORIGIN/x?after=${last:id?}"', 'paginator: keyset'],
    ]) {
      const { ids, asked, end } = await pollSource(
        lines,
        ({ query }) => slice(5, Number(query.get('after') ?? 0), 2),
        options,
      );
      expect(ids).toEqual(texts(5));
      expect(end).toMatchObject({ cutShort: false });
      expect(asked.map(({ query }) => query.get('after'))).toEqual([null, '2', '4', '5']);
    }
  });

  test('a keyset with inclusive bounds ends where nothing follows the last record', async () => {
    const { ids, end } = await pollSource(
      ['url: ORIGIN/x', 'paginator: { type: keyset, key: id, key_param: from }'],
      ({ query }) => slice(7, Math.max(0, Number(query.get('from') ?? 1) - 1), 3),
      options,
    );
    expect(new Set(ids)).toEqual(new Set(texts(7)));
    expect(end).toMatchObject({ cutShort: false });
  });

  test('a keyset of several sort values goes with the last record', async () => {
    const rows = numbers(5).map((id) => ({ id, at, sort: [Math.floor(id / 2), `k${id}`] }));
    const { ids, asked } = await pollSource(
      ['url: ORIGIN/x', 'method: POST', 'body: { search_after: "${last:sort}" }', 'paginator: keyset'],
      ({ json }) => {
        const { search_after: after } = json as { search_after?: unknown };
        const index =
          after === undefined ? 0 : rows.findIndex(({ sort }) => JSON.stringify(sort) === JSON.stringify(after)) + 1;
        return rows.slice(index, index + 2);
      },
      options,
    );
    expect(ids).toEqual(texts(5));
    expect(asked[1]?.json).toEqual({ search_after: [1, 'k2'] });
  });

  test('a keyset whose pages are not in ascending order ends the poll as partial', async () => {
    for (const order of [
      [5, 4, 3, 2, 1],
      [1, 3, 2, 4, 5],
      [3, 4, 1, 2, 5],
    ]) {
      const { end, warnings, state } = await pollSource(
        ['url: ORIGIN/x', 'paginator: { type: keyset, key: id, key_param: after }'],
        ({ query }) => {
          const from = query.has('after') ? order.indexOf(Number(query.get('after'))) + 1 : 0;
          return order.slice(from, from + 2).map(record);
        },
        options,
      );
      expect(end).toMatchObject({
        cutShort: true,
        paging: expect.stringContaining('not in ascending order of key "id"') as string,
      });
      expect(warnings.join()).toContain('not_ascending: a page is not in ascending order of key "id"');
      expect(state.watermark).toBeNull();
    }
  });

  test('behind the largest offset a poll continues by time', async () => {
    const rows = numbers(23).map((id) => ({
      id,
      at: new Date(Date.UTC(2026, 9, 1, 0, Math.floor(id / 2))).toISOString(),
    }));
    const { ids, asked, end, state } = await pollSource(
      [
        'url: ORIGIN/x',
        'paginator: { type: offset, limit: 3, max_offset: 6 }',
        'incremental: { cursor: at, start_param: since, initial_value: 2026-10-01T00:00:00Z }',
      ],
      ({ query }) => {
        const offset = Number(query.get('offset'));
        if (offset > 6) return { status: 400 };
        const since = Date.parse(query.get('since') ?? '');
        return rows.filter((row) => Date.parse(row.at) >= since).slice(offset, offset + 3);
      },
      options,
    );
    expect([...new Set(ids)]).toEqual(texts(23));
    expect(end).toMatchObject({ cutShort: false });
    expect(state.watermark).toBe('2026-10-01T00:11:00.000000Z');
    expect(asked.every(({ query }) => Number(query.get('offset')) <= 6)).toBe(true);
    expect(new Set(asked.map(({ query }) => query.get('since'))).size).toBeGreaterThan(3);
  });

  test('more records of one time than the largest offset are a partial poll', async () => {
    const rows = numbers(20).map((id) => ({ id, at: '2026-10-01T12:00:00Z' }));
    const { ids, end, warnings } = await pollSource(
      [
        'url: ORIGIN/x',
        'paginator: { type: offset, limit: 3, max_offset: 6 }',
        'incremental: { cursor: at, start_param: since, initial_value: 2026-10-01T00:00:00Z }',
      ],
      ({ query }) => {
        const offset = Number(query.get('offset'));
        return offset > 6 ? { status: 400 } : rows.slice(offset, offset + 3);
      },
      options,
    );
    expect(ids.length).toBeLessThan(20);
    expect(end).toMatchObject({ cutShort: true });
    expect(warnings.join()).toContain('more than max_offset 6 records have the time 2026-10-01T12:00:00Z');
  });

  test('a long range is requested in steps', async () => {
    const now = new Date('2026-10-05T06:00:00Z');
    const rows = numbers(20).map((id) => ({ id, at: new Date(Date.UTC(2026, 9, 1, 5 * (id - 1))).toISOString() }));
    const { ids, asked, end, state } = await pollSource(
      [
        'url: ORIGIN/x',
        'method: POST',
        'body: { from: "${since:epoch_s}", to: "${until:epoch_s}", page: "${page}" }',
        'paginator: page_number',
        'incremental: { cursor: at, initial_value: 2026-10-01T00:00:00Z, step: 1d }',
      ],
      ({ json }) => {
        const { from, to, page } = json as Record<'from' | 'to' | 'page', number>;
        const fitting = rows.filter((row) => Date.parse(row.at) >= from * 1000 && Date.parse(row.at) < to * 1000);
        return fitting.slice(2 * (page - 1), 2 * page);
      },
      { ...options, now },
    );
    expect(ids).toEqual(texts(20));
    expect(end).toMatchObject({ cutShort: false });
    expect(state).toMatchObject({ watermark: '2026-10-04T23:00:00.000000Z', unfinished: null });
    const ranges = new Set(asked.map(({ json }) => `${(json as { to: number }).to - (json as { from: number }).from}`));
    expect(ranges).toEqual(new Set(['86400', '21600']));
  });
});

describe('a poll in parts', () => {
  const lines = [
    'url: ORIGIN/x',
    'params: { from: "${since:yyyy-MM-dd}", to: "${until:yyyy-MM-dd}" }',
    'paginator: { type: page_number, max_pages: 4 }',
    'incremental: { cursor: at, initial_value: 2026-10-01T00:00:00Z, step: 1d }',
  ];
  const now = new Date('2026-10-04T00:00:00Z');
  const day = ({ query }: Asked) =>
    query.get('page') === '1' ? [{ id: query.get('from'), at: `${query.get('from')}T01:00:00Z` }] : [];

  test('continues in the part where it was cut', async () => {
    const first = await pollSource(lines, day, { now });
    expect(first.end).toMatchObject({ cutShort: true, resumes: true });
    expect(first.state).toMatchObject({ watermark: null, unfinished: { range: { part: 2 } } });
    const second = await pollSource(lines, day, { now, state: first.state });
    expect([...first.ids, ...second.ids]).toEqual(['2026-10-01', '2026-10-02', '2026-10-03']);
    expect(second.end).toMatchObject({ cutShort: false });
    expect(second.state).toMatchObject({ watermark: '2026-10-03T01:00:00.000000Z', unfinished: null });
  });

  test('reads all parts of a window', async () => {
    const window = { from: '2026-09-01T00:00:00.000000Z', to: '2026-09-02T12:00:00.000000Z' };
    const { asked } = await pollSource([...lines.slice(0, 2), lines[3] ?? ''], () => [], { now, window });
    expect(asked.map(({ query }) => [query.get('from'), query.get('to')])).toEqual([
      ['2026-09-01', '2026-09-02'],
      ['2026-09-02', '2026-09-03'],
    ]);
  });

  test('ends each part where the API repeats its only page', async () => {
    const { ids, end } = await pollSource(
      [...lines.slice(0, 2), 'paginator: { type: page_number, end_on: [repeat] }', lines[3] ?? ''],
      ({ query }) => [{ id: query.get('from'), at: `${query.get('from')}T01:00:00Z` }],
      { now },
    );
    expect(ids).toEqual(['2026-10-01', '2026-10-02', '2026-10-03']);
    expect(end).toMatchObject({ cutShort: false });
  });

  test('may have a thousand parts without records', async () => {
    const { asked, end } = await pollSource(
      [...lines.slice(0, 2), 'incremental: { cursor: at, initial_value: 2023-01-01T00:00:00Z, step: 1d }'],
      () => [],
      { now },
    );
    expect(asked.length).toBeGreaterThan(1_300);
    expect(end).toMatchObject({ cutShort: false });
  }, 30_000);
});

describe('pages that shift while they are read', () => {
  test.each(Array.from({ length: 40 }, (_, n) => n))('lose no record where others are deleted (%i)', async (seed) => {
    // Half of them continue with what a workflow keeps.
    const recordsAtOnce = seed % 2 === 0 ? 1_000 : 7;
    const random = seededRandom(seed);
    let rows = numbers(60);
    const kept = new Set(rows);
    const { ids, end } = await pollSource(
      ['url: ORIGIN/x', 'paginator: { type: page_number, shifting: true }'],
      ({ query }) => {
        const page = Number(query.get('page'));
        const found = rows.slice(5 * (page - 1), 5 * page).map(record);
        // What is deleted before it is read is not expected.
        const gone = numbers(Math.floor(random() * 4)).map(
          () => rows[Math.floor(random() * Math.min(rows.length, 5 * page))],
        );
        rows = rows.filter((row) => !gone.includes(row));
        for (const row of gone) if (row !== undefined) kept.delete(row);
        return found;
      },
      { recordsAtOnce },
    );
    expect(end).toMatchObject({ cutShort: false });
    expect([...kept].filter((row) => !ids.includes(String(row)))).toEqual([]);
  });

  test('are a partial poll where more were deleted than pages are read again', async () => {
    let rows = numbers(120);
    const { end } = await pollSource(
      ['url: ORIGIN/x', 'paginator: { type: page_number, shifting: true }'],
      ({ query }) => {
        const page = Number(query.get('page'));
        if (page === 12) rows = rows.filter((row) => row > 55);
        return rows.slice(5 * (page - 1), 5 * page).map(record);
      },
    );
    expect(end).toMatchObject({
      cutShort: true,
      paging: expect.stringContaining('more records were deleted') as string,
    });
  });

  test('are read once more, and nothing is counted twice', async () => {
    const { ids, fetched, asked } = await pollSource(
      ['url: ORIGIN/x', 'paginator: { type: page_number, shifting: true }'],
      ({ query }) => slice(6, 2 * (Number(query.get('page')) - 1), 2),
    );
    expect(ids).toEqual(texts(6));
    expect(fetched).toBe(6);
    expect(asked.map(({ query }) => query.get('page'))).toEqual(['1', '2', '1', '3', '2', '4', '3']);
  });

  test('without it the record that moved is missed', async () => {
    let rows = numbers(6);
    const answer = ({ query }: Asked) => {
      const page = Number(query.get('page'));
      const found = rows.slice(2 * (page - 1), 2 * page).map(record);
      rows = rows.filter((row) => row !== 1);
      return found;
    };
    const plain = await pollSource(['url: ORIGIN/x', 'paginator: page_number'], answer);
    expect(plain.ids).not.toContain('3');
    rows = numbers(6);
    const shifting = await pollSource(['url: ORIGIN/x', 'paginator: { type: page_number, shifting: true }'], answer);
    expect(new Set(shifting.ids)).toEqual(new Set(texts(6)));
  });
});

describe('ascending order', () => {
  const time = formatMicros(microsOfDate(new Date()));
  test.each<[boolean, unknown[]]>([
    [true, []],
    [true, [1]],
    [true, [1, 1, 2, 10]],
    [true, ['1', '2', '10']],
    [true, ['1', '10', '2']],
    [true, ['a', 'B', 'c']],
    [true, ['B', 'a', 'c']],
    [true, ['2026-01-01T00:00:00+02:00', '2025-12-31T23:00:00Z']],
    [true, [null, 1, undefined, 2]],
    [
      true,
      [
        [1, 'a'],
        [1, 'b'],
        [2, 'a'],
      ],
    ],
    [true, [time, time]],
    [false, [2, 1]],
    [false, ['b', 'a']],
    [
      false,
      [
        [1, 'b'],
        [1, 'a'],
      ],
    ],
    [false, [{}, {}]],
  ])('is %s for %j', (expected, values) => {
    expect(isAscending(values)).toBe(expected);
  });
});
