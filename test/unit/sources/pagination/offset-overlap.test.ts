import { describe, expect, test } from 'vitest';
import type { FetchPosition, PollEnd } from '../../../../src/domain/state/fetch-position.ts';
import { SourceUnavailable } from '../../../../src/domain/errors.ts';
import { unlimited } from '../../../../src/domain/plan/host-budget.ts';
import { noopMetrics } from '../../../../src/domain/run/metrics.ts';
import type { OffsetPlan } from '../../../../src/domain/plan/plan-parts.ts';
import { patchAfter, startPosition } from '../../../../src/domain/state/poll.ts';
import type { SourceState } from '../../../../src/domain/state/source-state.ts';
import { collect, type Collected } from '../../../../src/sources/collect/collect.ts';
import { fetchHttpPages } from '../../../../src/sources/http/http-pages.ts';
import { createAccessTokens } from '../../../../src/sources/http/auth.ts';
import type { HttpClient } from '../../../../src/sources/http/http-client.ts';
import { firstHttpPosition } from '../../../../src/sources/pagination/first-position.ts';
import { contextOf, httpPlan, state as fresh } from '../plans.ts';

interface Api {
  /** Ids of the records, in their order. */
  list: string[];
  /** What happens just before a request. @param request from 1 */
  readonly before?: (api: Api, request: number) => void;
  /** @default the records from there on, as many as asked for */
  readonly answer?: (api: Api, offset: number, limit: number) => readonly string[] | number;
  readonly limit?: number;
  readonly concurrency?: number;
  readonly paginator?: Partial<OffsetPlan>;
  readonly state?: SourceState;
}

interface Polled {
  readonly offsets: readonly number[];
  readonly ids: readonly string[];
  readonly fetched: number;
  readonly end: PollEnd | null;
  readonly state: SourceState;
}

/** One poll, to its end. */
async function poll(api: Api): Promise<Polled> {
  const offsets: number[] = [];
  const client: HttpClient = {
    send: async ({ url }) => {
      const offset = Number(new URL(url).searchParams.get('offset'));
      offsets.push(offset);
      api.before?.(api, offsets.length);
      const limit = Number(new URL(url).searchParams.get('limit'));
      const answer = api.answer?.(api, offset, limit) ?? api.list.slice(offset, offset + limit);
      const status = typeof answer === 'number' ? answer : 200;
      const items = typeof answer === 'number' ? [] : answer.map((id) => ({ id, at: '2026-11-01T00:00:00Z' }));
      const body = Buffer.from(JSON.stringify({ items, total: api.list.length }));
      return { status, headers: {}, url, body };
    },
    close: async () => undefined,
  };
  const paginator: OffsetPlan = {
    type: 'offset',
    offsetParam: 'offset',
    limitParam: 'limit',
    limit: api.limit ?? 3,
    totalPath: null,
    hasMorePath: null,
    stopAfterEmptyPage: true,
    maxPages: null,
    ...api.paginator,
  };
  const plan = httpPlan({ records: 'items', paginator, concurrency: api.concurrency ?? 1 });
  const context = contextOf(plan);
  const shared = { budget: unlimited, limitOf: () => null, measures: noopMetrics };
  const tools = { client, robots: { check: async () => null }, tokens: createAccessTokens(client), ...shared };
  let state = api.state ?? fresh;
  let position: FetchPosition = startPosition(firstHttpPosition(plan, state), state, new Date());
  const ids: string[] = [];
  let fetched = 0;
  for (let fetches = 0; fetches < 60; fetches++) {
    if (position.place.type !== 'http') break;
    const pages = fetchHttpPages(plan, context.reader.format('*/*'), position.place, state, tools, context);
    const limits = { maxRecords: 1_000, maxBytes: 1e9, maxMs: 1e9 };
    let taken: Collected;
    try {
      taken = await collect({ plan, position, pages, known: new Set(), reader: context.reader, limits });
    } catch (error) {
      if (error instanceof SourceUnavailable) return { offsets, ids, fetched, end: null, state };
      throw error;
    }
    ids.push(...taken.accepted.map(({ sourceId }) => sourceId));
    fetched += taken.counts.fetched;
    ({ position } = taken);
    state = { ...state, ...patchAfter(state, position, taken.end, taken.lastPatch) };
    if (taken.end) return { offsets, ids, fetched, end: taken.end, state };
  }
  throw new Error('the poll does not end');
}

const letters = (text: string) => text.split('');

describe('pages by offset overlap by one record', () => {
  test.each([
    ['several pages', 'abcdefg', undefined, [0, 2, 4, 6, 7]],
    ['a last page with one new record', 'abcd', undefined, [0, 2, 3, 4]],
    ['one page', 'ab', undefined, [0, 1, 2]],
    ['one record', 'a', undefined, [0, 1]],
    ['none', '', undefined, [0]],
    ['up to a total', 'abcdefg', { totalPath: 'total', followsEmptyPages: true as const }, [0, 2, 4]],
    ['a limit of one, that cannot', 'abc', { limit: 1 }, [0, 1, 2, 3]],
  ])('and each record counts once: %s', async (_, list, paginator, offsets) => {
    const polled = await poll({ list: letters(list), ...(paginator ? { paginator } : {}) });
    expect(polled).toMatchObject({ offsets, ids: letters(list), fetched: list.length, end: { cutShort: false } });
  });

  test.each([1, 2, 3])('if the API returns %i at most', async (cap) => {
    const answer = ({ list }: Api, offset: number) => list.slice(offset, offset + cap);
    const polled = await poll({ list: letters('abcdefg'), limit: 10, answer });
    expect(polled).toMatchObject({ ids: letters('abcdefg'), fetched: 7, end: { cutShort: false } });
  });

  test('where pages have any length', async () => {
    const answer = ({ list }: Api, offset: number) => list.slice(offset, offset + 1 + ((offset * 7) % 3));
    const { ids } = await poll({ list: letters('abcdefghijklmn'), limit: 5, answer });
    expect(ids.join('')).toBe('abcdefghijklmn');
  });

  test('if an offset after the last record is refused', async () => {
    const answer = ({ list }: Api, offset: number, limit: number) =>
      offset > 0 && offset >= list.length ? 404 : list.slice(offset, offset + limit);
    expect(await poll({ list: letters('abcde'), answer })).toMatchObject({ fetched: 5, end: { cutShort: false } });
  });

  test('several at once', async () => {
    const polled = await poll({ list: letters('abcdefghij'), concurrency: 3 });
    expect(polled).toMatchObject({ ids: letters('abcdefghij'), fetched: 10, end: { cutShort: false } });
  });
});

describe('what happens between pages by offset', () => {
  test.each([
    ['one of the first page is deleted', 2, 'bcdefgh'],
    ['one is deleted before the last page', 4, 'bcdefgh'],
    ['all that was read is deleted', 3, 'fgh'],
    ['most is deleted', 3, 'h'],
    ['one is deleted once all was read', 5, 'abcdefg'],
    ['some come at the front', 2, 'zyxwvabcdefgh'],
    ['as many come at the front as a page moves on', 2, 'zyabcdefgh'],
    ['some come while one goes', 3, 'zbcdefgh'],
  ])('loses no remaining record: %s', async (_, request, then) => {
    const before = (api: Api, number: number) => {
      if (number === request) api.list = letters(then);
    };
    const { ids, end } = await poll({ list: letters('abcdefgh'), before });
    const lost = letters(then).filter((id) => id >= 'a' && id <= 'h' && !ids.includes(id));
    expect([lost, end]).toMatchObject([[], { cutShort: false }]);
  });

  test('an interrupted poll continues at its position, and deletions meanwhile hide nothing', async () => {
    const breaks = (_api: Api, request: number) => {
      if (request >= 4) throw new SourceUnavailable('fetch: the connection broke');
    };
    const first = await poll({ list: letters('abcdefghijkl'), before: breaks });
    expect(first.ids).toEqual(letters('abcdefg'));
    expect(first.end).toBe(null);
    expect((await poll({ list: letters('abcdefghijkl'), state: first.state })).ids).toEqual(letters('hijkl'));
    const { ids } = await poll({ list: letters('ghijkl'), state: first.state });
    expect(ids).toEqual(letters('hijkl'));
  });

  test('a position of an earlier version begins one page back, as before', async () => {
    const place = { page: 4, cursor: null, skip: 0, since: null, watermark: null };
    const state = { ...fresh, unfinished: { ...place, keysKept: 0, keyBlobs: [] } };
    const { offsets, ids } = await poll({ list: letters('abcdefg'), state });
    expect(offsets[0]).toBe(1);
    expect(ids).toEqual(letters('bcdefg'));
  });

  test('an API whose pages begin only at multiples of the limit gets such requests', async () => {
    const answer = ({ list }: Api, offset: number, limit: number) => {
      const start = Math.floor(offset / limit) * limit;
      return list.slice(start, start + limit);
    };
    const polled = await poll({ list: letters('abcdefg'), answer });
    expect(polled).toMatchObject({ ids: letters('abcdefg'), fetched: 7, end: { cutShort: false } });
  });

  test.each([400, 422])('an API that answers %i to any other offset gets such requests too', async (status) => {
    const answer = ({ list }: Api, offset: number, limit: number) =>
      offset % limit === 0 ? list.slice(offset, offset + limit) : status;
    const polled = await poll({ list: letters('abcdef'), answer });
    expect(polled.ids).toEqual(letters('abcdef'));
  });

  test('an API that ignores the parameter is distinguished from that', async () => {
    const polled = await poll({ list: letters('abcdefg'), answer: ({ list }) => list.slice(0, 3) });
    expect(polled).toMatchObject({ fetched: 3, end: { cutShort: true } });
    expect(polled.end?.paging).toContain('offset_param');
  });

  test('an API without a stable order is read to the end, and its polls are not always partial', async () => {
    let turn = 0;
    const answer = ({ list }: Api, offset: number, limit: number) =>
      list.slice(offset, offset + limit).map((id) => `${id}${++turn}`);
    const { end, offsets } = await poll({ list: letters('abcdefghijklmnop'), answer });
    expect(end).toMatchObject({ cutShort: false });
    expect(offsets.length).toBeLessThan(40);
  });
});
