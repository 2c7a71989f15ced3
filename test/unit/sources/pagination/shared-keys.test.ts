import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../../support/seeded-random.ts';
import { pollSource, type Answered, type Asked } from '../polled-source.ts';

interface Row {
  readonly id: string;
  readonly seq: number;
  readonly at: string;
}

const at = (minute: number) => new Date(Date.UTC(2026, 9, 1, 0, minute)).toISOString();

/** A record for each of the keys, in their order. */
const rowsOf = (keys: readonly number[]): Row[] => keys.map((seq, index) => ({ id: `r${index}`, seq, at: at(seq) }));

const keyset = ['url: ORIGIN/x', 'paginator: { type: keyset, key: seq, key_param: after }'];

/** An API that gives what comes after a key, or from the key on. */
const api =
  (rows: readonly Row[], size: number, bound: 'exclusive' | 'inclusive') =>
  ({ query }: Asked): Row[] => {
    const after = query.has('after') ? Number(query.get('after')) : -1;
    return rows.filter(({ seq }) => (bound === 'exclusive' ? seq > after : seq >= after)).slice(0, size);
  };

const idsOf = (rows: readonly { id: string }[]) => new Set(rows.map(({ id }) => id));

describe.each([{ recordsAtOnce: 1_000 }, { recordsAtOnce: 1 }])('records that share a key, with %j', (options) => {
  test('are all read where the API gives only what comes after a key', async () => {
    const rows = rowsOf([1, 2, 3, 3, 4, 5, 6, 6, 7]);
    const { ids, asked, end, warnings } = await pollSource(keyset, api(rows, 3, 'exclusive'), options);
    expect(new Set(ids)).toEqual(idsOf(rows));
    expect(end).toMatchObject({ cutShort: false });
    expect(warnings).toEqual([]);
    expect(asked.slice(0, 3).map(({ query }) => query.get('after'))).toEqual([null, '3', '2']);
  });

  test('are all read where they are the last ones', async () => {
    const rows = rowsOf([1, 2, 3, 3]);
    const { ids, end } = await pollSource(keyset, api(rows, 3, 'exclusive'), options);
    expect(new Set(ids)).toEqual(idsOf(rows));
    expect(end).toMatchObject({ cutShort: false });
  });

  test('are all read where the API gives a key again', async () => {
    const rows = rowsOf([1, 2, 3, 3, 4, 5, 5]);
    const { ids, end, asked } = await pollSource(keyset, api(rows, 3, 'inclusive'), options);
    expect(new Set(ids)).toEqual(idsOf(rows));
    expect(end).toMatchObject({ cutShort: false });
    expect(asked.map(({ query }) => query.get('after'))).toEqual([null, '3', '4', '5']);
  });

  test('make the poll partial where they fill a page, and the API gives the same page again', async () => {
    const rows = rowsOf([1, 2, 2, 2, 2, 3]);
    const { ids, end, warnings, state } = await pollSource(keyset, api(rows, 2, 'inclusive'), options);
    expect(ids.length).toBeLessThan(rows.length);
    expect(end).toMatchObject({
      cutShort: true,
      paging: expect.stringContaining('more records may have the same key "seq" (2)') as string,
    });
    expect(warnings.join()).toContain('use a key that each record has once');
    expect(state.watermark).toBeNull();
  });

  test('make the poll partial where they fill a page, and the API skips them; what follows is read', async () => {
    const rows = rowsOf([1, 2, 2, 2, 3, 4]);
    const { ids, end, warnings, state } = await pollSource(keyset, api(rows, 2, 'exclusive'), options);
    expect(ids).toEqual(expect.arrayContaining(['r0', 'r1', 'r2', 'r4', 'r5']));
    expect(end).toMatchObject({
      cutShort: true,
      paging: expect.stringContaining('more records may have the same key "seq" (2)') as string,
    });
    expect(warnings.join()).toContain('records_unproved: more records may have the same key "seq" (2)');
    expect(state.watermark).toBeNull();
  });

  test('make the poll partial where they fill the first page', async () => {
    for (const bound of ['exclusive', 'inclusive'] as const) {
      const rows = rowsOf([1, 1, 1]);
      const { end, warnings } = await pollSource(keyset, api(rows, 2, bound), options);
      expect(end).toMatchObject({ cutShort: true });
      expect(warnings.join()).toContain('more records may have the same key "seq" (1)');
    }
  });

  test('are never missed by a poll that is not partial', async () => {
    const random = seededRandom(17);
    for (let round = 0; round < 24; round++) {
      const keys = Array.from({ length: Math.floor(random() * 12) }, () => Math.floor(random() * 8));
      const rows = rowsOf(keys.toSorted((a, b) => a - b));
      const size = 2 + Math.floor(random() * 3);
      const { ids, end } = await pollSource(keyset, api(rows, size, round % 2 ? 'inclusive' : 'exclusive'), options);
      const isMissing = rows.some(({ id }) => !ids.includes(id));
      expect({ keys, size, isClaimed: isMissing && end?.cutShort !== true }).toEqual({ keys, size, isClaimed: false });
    }
  });

  test('are told apart by the page that says whether others follow', async () => {
    const rows = rowsOf([1, 1, 1, 2, 2]);
    const lines = [
      'url: ORIGIN/x',
      'records: rows',
      'paginator: { type: keyset, key: seq, key_param: after, has_more_path: more }',
    ];
    const answer = (asked: Asked): Answered => {
      const all = api(rows, 100, 'exclusive')(asked);
      return { body: { rows: all.slice(0, 5), more: all.length > 5 } };
    };
    const { ids, end, asked } = await pollSource(lines, answer, options);
    expect(new Set(ids)).toEqual(idsOf(rows));
    expect(end).toMatchObject({ cutShort: false });
    expect(asked).toHaveLength(1);
  });

  test('are told apart by the id, which the request names too', async () => {
    const rows = rowsOf([1, 1, 1, 1, 1, 2]);
    const { ids, end, asked } = await pollSource(
      ['url: ORIGIN/x', 'params: { after: "${last:seq}", id: "${last:id}" }', 'paginator: { type: keyset, key: seq }'],
      ({ query }) => {
        const index = query.has('id') ? rows.findIndex(({ id }) => id === query.get('id')) + 1 : 0;
        return rows.slice(index, index + 2);
      },
      options,
    );
    expect(ids).toEqual(['r0', 'r1', 'r2', 'r3', 'r4', 'r5']);
    expect(end).toMatchObject({ cutShort: false });
    expect(asked.map(({ query }) => query.get('id'))).toEqual([null, 'r1', 'r3', 'r5']);
  });

  test('a poll of one record is complete, whatever the bound', async () => {
    for (const bound of ['exclusive', 'inclusive'] as const) {
      const { ids, end } = await pollSource(keyset, api(rowsOf([1]), 100, bound), options);
      expect(ids).toEqual(['r0']);
      expect(end).toMatchObject({ cutShort: false });
    }
  });
});

test('a poll that was cut does not claim records that it may have missed', async () => {
  const rows = rowsOf([1, 1, 1, 2, 3, 4, 5]);
  const lines = [
    ...keyset.slice(0, 1),
    'paginator: { type: keyset, key: seq, key_param: after, max_pages: 2 }',
    'incremental: { cursor: at }',
  ];
  const first = await pollSource(lines, api(rows, 2, 'exclusive'));
  expect(first.end).toMatchObject({ cutShort: true });
  const ends = [];
  for (let state = first.state; state.unfinished && ends.length < 5;) {
    const next = await pollSource(lines, api(rows, 2, 'exclusive'), { state });
    ends.push(next.end?.cutShort);
    state = next.state;
  }
  expect(ends.at(-1)).toBe(true);
});

describe('records of one time at the largest offset', () => {
  const lines = [
    'url: ORIGIN/x',
    'paginator: { type: offset, limit: 3, max_offset: 3 }',
    'incremental: { cursor: at, start_param: since, initial_value: 2026-10-01T00:00:00Z }',
  ];
  const later =
    (rows: readonly Row[]) =>
    ({ query }: Asked) => {
      const offset = Number(query.get('offset'));
      const since = Date.parse(query.get('since') ?? '');
      return offset > 3 ? { status: 400 } : rows.filter((row) => Date.parse(row.at) > since).slice(offset, offset + 3);
    };

  test('are all read where the API gives only what is later', async () => {
    const rows = rowsOf([1, 2, 3, 4, 5, 6, 6, 6, 7, 8, 9, 10, 10, 11, 12, 13]);
    const { ids, end } = await pollSource(lines, later(rows));
    expect([...idsOf(rows)].filter((id) => !ids.includes(id))).toEqual([]);
    expect(end).toMatchObject({ cutShort: false });
  });

  test('are never missed by a poll that is not partial', async () => {
    const random = seededRandom(4);
    for (let round = 0; round < 20; round++) {
      const keys = Array.from({ length: 4 + Math.floor(random() * 20) }, () => 1 + Math.floor(random() * 9));
      const rows = rowsOf(keys.toSorted((a, b) => a - b));
      const { ids, end } = await pollSource(lines, later(rows));
      const isMissing = rows.some(({ id }) => !ids.includes(id));
      expect({ keys, isClaimed: isMissing && end?.cutShort !== true }).toEqual({ keys, isClaimed: false });
    }
  });
});
