import { describe, expect, test } from 'vitest';
import { SourceRefused, SourceUnavailable } from '../../../../src/domain/errors.ts';
import { complaints, daybookYaml, http } from '../../config/daybook-yaml.ts';
import { pollSource, type Asked } from '../polled-source.ts';

const numbers = (count: number) => Array.from({ length: count }, (_, number) => number);
const at = (number: number) => new Date(Date.UTC(2026, 9, 1, number)).toISOString();
const page = (start: number, size = 10) =>
  numbers(25)
    .slice(start, start + size)
    .map((number) => ({ id: `r${number}`, at: at(number) }));
const all = page(0, 25).map(({ id }) => id);

describe('offsets that begin with 1', () => {
  const offset = (more: string) => `paginator: { type: offset, limit: 10, ${more} }`;
  /** Refuses a record 0, as FDSN does. */
  const strict = ({ query, json }: Asked) => {
    const start = Number(query.get('offset') ?? (json as { first?: number } | undefined)?.first);
    const next = start + 10 <= 25 ? { next: start + 10 } : {};
    return start < 1 ? { status: 400 } : { body: { items: page(start - 1), total: 25, ...next } };
  };

  test.each([
    ['the query', [offset('base_offset: 1')], ['1', '10', '19', '25', '26']],
    ['a total', [offset('base_offset: 1, total_path: total')], ['1', '10', '19']],
    ['the offset of the next page', [offset('base_offset: 1, next_offset_path: next')], ['1', '11', '21']],
  ])('are read to their end by %s', async (_, lines, offsets) => {
    const { ids, asked, end } = await pollSource(['url: ORIGIN/x', 'records: items', ...lines], strict);
    expect(ids).toEqual(all);
    expect(end).toMatchObject({ cutShort: false });
    expect(asked.map(({ query }) => query.get('offset'))).toEqual(offsets);
  });

  test('are in a body too, and a poll that is interrupted continues', async () => {
    const lines = [
      'url: ORIGIN/x',
      'method: POST',
      "body: { first: '${offset}', count: '${limit}' }",
      'records: items',
    ];
    const { ids, asked } = await pollSource([...lines, offset('base_offset: 1, total_path: total')], strict, {
      recordsAtOnce: 1,
    });
    expect(ids).toEqual(all);
    expect(asked.map(({ json }) => (json as { first: number }).first)).toEqual([1, 10, 19]);
  });

  test('count for the largest offset as they are sent', async () => {
    const lines = ['params: { since: "${since}" }', 'incremental: { cursor: at, initial_value: 2026-10-01T00:00:00Z }'];
    const largest = offset('base_offset: 1, max_offset: 10');
    const { ids, asked } = await pollSource(['url: ORIGIN/x', 'records: items', ...lines, largest], ({ query }) => {
      const since = query.get('since') ?? '';
      const wanted = page(0, 25).filter((record) => Date.parse(record.at) >= Date.parse(since));
      const start = Number(query.get('offset')) - 1;
      return { body: { items: wanted.slice(start, start + 10) } };
    });
    expect([...new Set(ids)]).toEqual(all);
    expect(asked.map(({ query }) => Number(query.get('offset'))).every((sent) => sent >= 1 && sent <= 10)).toBe(true);
  });

  test('are proposed where the first page is refused', async () => {
    const poll = pollSource(['url: ORIGIN/x', 'records: items', offset('total_path: total')], strict);
    await expect(poll).rejects.toThrow(SourceRefused);
    await expect(poll).rejects.toThrow('if the API counts records from 1, set paginator.base_offset: 1');
  });

  test('are whole numbers', () => {
    expect(complaints(daybookYaml([http(offset('base_offset: -1'))]))).toMatchObject([/base_offset/]);
  });
});

describe('the end of a list', () => {
  test('that is answered with 500 names the key for it', async () => {
    const beyond = ({ query }: Asked) => {
      const number = Number(query.get('page'));
      return number > 3 ? { status: 500 } : { body: page((number - 1) * 10) };
    };
    const poll = pollSource(['url: ORIGIN/x', 'paginator: page_number'], beyond);
    await expect(poll).rejects.toThrow(SourceUnavailable);
    await expect(poll).rejects.toThrow('set paginator.end_on: [500]');
    const ended = await pollSource(['url: ORIGIN/x', 'paginator: { type: page_number, end_on: [500] }'], beyond);
    expect(ended.ids).toEqual(all);
    expect(ended.end).toMatchObject({ cutShort: false });
  });

  test.each([
    ['total_path: total', { total: 4000 }, 'total_path "total"'],
    ['has_more_path: more', { more: true }, 'has_more_path "more"'],
  ])('that %s never reaches names the key for it', async (key, says, named) => {
    const poll = (more: string) =>
      pollSource(
        ['url: ORIGIN/x', 'records: items', `paginator: { type: offset, limit: 10, ${key}${more} }`],
        ({ query }) => ({ body: { items: page(Number(query.get('offset'))), ...says } }),
      );
    const { ids, end } = await poll('');
    expect(ids).toEqual(all);
    expect(end).toMatchObject({ cutShort: true });
    expect(end?.paging).toContain(`${named} says that more follow; if it is wrong and an empty page is the last one,`);
    expect(end?.paging).toContain('set paginator.stop_after_empty_page: true');
    expect((await poll(', stop_after_empty_page: true')).end).toMatchObject({ cutShort: false });
  });

  test('that is an error with status 200 is none', async () => {
    const lines = [
      'url: ORIGIN/x',
      'records: items',
      'paginator: { type: cursor, cursor_path: next, cursor_param: c }',
    ];
    const poll = (last: object, more: string[] = []) =>
      pollSource([...lines, ...more], ({ query }) => ({
        body: query.has('c') ? last : { items: page(0), next: 'x' },
      }));
    const { ids, end, warnings } = await poll({ items: [], error: { code: 17, message: 'shard lost' } });
    expect(ids).toEqual(all.slice(0, 10));
    expect(end).toMatchObject({ cutShort: true });
    expect(warnings).toMatchObject([
      /^records_unproved: the answer has an error in place of records \(17 shard lost\)/,
    ]);
    const masked = await poll({ items: [], error: 'of Ann' }, ['mask: { name: redact }']);
    expect(masked.warnings.join()).not.toContain('Ann');
    const ignored = await poll({ items: [], error: 'no more' }, [
      "on_response: [{ status: 200, body_contains: 'no more', action: ignore }]",
    ]);
    expect(ignored.end).toMatchObject({ cutShort: false });
    for (const says of [{ error: null }, { error: '' }, { errors: [] }, { error: { code: 0, message: 'OK' } }]) {
      expect((await poll({ items: [], ...says })).end).toMatchObject({ cutShort: false });
    }
  });

  test('an error without a list is in the message', async () => {
    const poll = pollSource(['url: ORIGIN/x', 'records: features'], () => ({
      body: { error: { code: 498, message: 'Invalid token' } },
    }));
    await expect(poll).rejects.toThrow('the page has an error: 498 Invalid token; if it passes, set on_response');
  });

  test('a missing token beside a larger total says so', async () => {
    const lines = [
      'url: ORIGIN/x',
      'records: items',
      'paginator: { type: cursor, cursor_path: next, cursor_param: c }',
    ];
    const { warnings } = await pollSource(lines, () => ({ body: { 'total-results': 25, items: page(0) } }));
    expect(warnings).toMatchObject([
      /^paging_key_absent: .* has 10 records and says that there are 25 \("total-results"\): correct the path/,
    ]);
  });
});

test('columns of different lengths fail the page, for the shorter ones would take records away', async () => {
  const columns = (more: string[]) =>
    pollSource(["records: 'zip(ids, times)[*].{id: [0], at: [1]}'", 'url: ORIGIN/x', ...more], ({ path }) => ({
      body: { ids: ['a', 'b', 'c'], times: path.endsWith('whole') ? [at(0), at(1), null] : [at(0), at(1)] },
    }));
  await expect(columns([])).rejects.toThrow('zip() of lists with 3 and 2 elements, expected lists of the same length');
  const { ids } = await columns(['url: ORIGIN/whole', 'occurred_at: { path: at, on_missing: fetched_at }']);
  expect(ids).toEqual(['a', 'b', 'c']);
  const mapped = await pollSource(['url: ORIGIN/x', 'map: { id: id, at: at, rows: "zip(a, b)" }'], () => [
    { id: 'x', at: at(0), a: [1], b: [] },
    { id: 'y', at: at(1), a: [1], b: [2] },
  ]);
  expect(mapped.ids).toEqual(['y']);
  expect(mapped.letters).toMatchObject([/^wrong_shape: .*zip\(\)/]);
});

describe('a token for the next poll', () => {
  const lines = [
    'url: ORIGIN/list',
    'records: entries',
    'paginator: { type: cursor, cursor_path: cursor, cursor_param: cursor, has_more_path: more, resume: token }',
  ];

  test('is that of the last page, also where it is the first', async () => {
    let log = ['r1 added', 'r2 added'];
    const answer = ({ query }: Asked) => {
      const from = query.has('cursor') ? Number(query.get('cursor')) : 0;
      const entries = log.map((id, number) => ({ id, at: at(number) })).slice(from);
      return { body: { entries, cursor: String(log.length), more: false } };
    };
    const { state } = await pollSource(lines, answer);
    expect(state.unfinished).toMatchObject({ cursor: '2', isToken: true });
    log = [...log, 'r1 deleted'];
    const second = await pollSource(lines, answer, { state });
    expect(second.ids).toEqual(['r1 deleted']);
    const third = await pollSource(lines, answer, { state: second.state });
    expect(third.ids).toEqual([]);
    expect(third.asked.map(({ path }) => path)).toEqual(['/list?cursor=3']);
    expect(third.state.unfinished).toMatchObject({ cursor: '3' });
  });

  test('is the one asked with where the last page has none', async () => {
    const answer = ({ query }: Asked) => {
      const start = Number(query.get('cursor') ?? 0);
      const more = start < 20;
      return { body: { entries: page(start), cursor: more ? String(start + 10) : null, more } };
    };
    const { ids, state } = await pollSource(lines, answer);
    expect(ids).toEqual(all);
    expect(state.unfinished).toMatchObject({ cursor: '20' });
  });
});
