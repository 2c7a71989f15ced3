import { describe, expect, test } from 'vitest';
import { unlimited } from '../../../../src/domain/plan/host-budget.ts';
import { noopMetrics } from '../../../../src/domain/run/metrics.ts';
import { patchAfter } from '../../../../src/domain/state/poll.ts';
import type { HttpJsonPlan } from '../../../../src/domain/plan/source-plan.ts';
import type { SourceState } from '../../../../src/domain/state/source-state.ts';
import { collect } from '../../../../src/sources/collect/collect.ts';
import { fetchHttpPages } from '../../../../src/sources/http/http-pages.ts';
import { createAccessTokens } from '../../../../src/sources/http/auth.ts';
import { beginPoll, frontOf } from '../../../../src/sources/open-source.ts';
import { contextOf, httpPlan, state as fresh } from '../plans.ts';

type Answer = object | number;

/**
 * Polls to the end, as the activities do.
 * @param answer what the API says to a query; a number is a status
 * @param known digests of what earlier polls read
 */
async function poll(
  plan: HttpJsonPlan,
  state: SourceState,
  answer: (query: URLSearchParams) => Answer,
  known: ReadonlySet<string> = new Set(),
) {
  const asked: string[] = [];
  const client = {
    async send({ url }: { readonly url: string }) {
      asked.push(new URL(url).search);
      const found = answer(new URL(url).searchParams);
      const status = typeof found === 'number' ? found : 200;
      return { status, headers: {}, url, body: Buffer.from(typeof found === 'number' ? '{}' : JSON.stringify(found)) };
    },
    close: async () => {},
  };
  const context = contextOf(plan);
  const shared = { budget: unlimited, limitOf: () => null, measures: noopMetrics };
  const tools = { client, robots: { check: async () => null }, tokens: createAccessTokens(client), ...shared };
  const asking = { plan, state, run: 'run', force: false, window: null };
  let position = await beginPoll(asking, { http: tools } as never, new Date());
  const ids: string[] = [];
  const warnings: string[] = [];
  const digests = new Set(known);
  for (let fetches = 0; position !== null && fetches < 20; fetches++) {
    if (position.place.type !== 'http') break;
    const pages = fetchHttpPages(plan, context.reader.format('*/*'), position.place, state, tools, context);
    const limits = { maxRecords: 1_000, maxBytes: 1e9, maxMs: 1e9 };
    const front = frontOf(asking, position, new Date());
    const taken = await collect({ plan, position, pages, known, reader: context.reader, limits, front });
    for (const { sourceId } of taken.accepted) ids.push(sourceId);
    for (const { code } of taken.warnings) warnings.push(code);
    for (const digest of taken.digests) digests.add(digest);
    ({ position } = taken);
    const after: SourceState = { ...state, ...patchAfter(state, position, taken.end, taken.lastPatch) };
    if (taken.end) return { asked, ids, warnings, digests, position, end: taken.end, state: after };
  }
  throw new Error('the poll does not end');
}

/** Changes of an API that numbers them: at most two at a time, behind the one that is named. */
class Changes {
  #last = 0;

  constructor(count: number) {
    this.add(count);
  }

  add(count: number): void {
    this.#last += count;
  }

  answer(query: URLSearchParams): Answer {
    const since = Number(query.get('since') ?? 0);
    const upTo = Math.min(since + 2, this.#last);
    const records = Array.from({ length: upTo - since }, (_, n) => ({
      id: `c${since + n + 1}`,
      at: '2026-11-01T00:00:00Z',
    }));
    return { records, last_seq: upTo };
  }
}

const byToken = httpPlan({
  url: 'http://origin/changes',
  records: 'records',
  paginator: {
    type: 'cursor',
    cursorPath: 'last_seq',
    cursorParam: 'since',
    resume: 'token',
    hasMorePath: null,
    stopAfterEmptyPage: true,
    followsEmptyPages: true,
    maxPages: null,
  },
});

describe('a poll that continues with the last token', () => {
  test('reads what has changed, and no more', async () => {
    const api = new Changes(5);
    const first = await poll(byToken, fresh, (query) => api.answer(query));
    expect(first).toMatchObject({ ids: ['c1', 'c2', 'c3', 'c4', 'c5'], end: { cutShort: false } });
    const none = await poll(byToken, first.state, (query) => api.answer(query));
    expect(none).toMatchObject({ asked: ['?since=5'], ids: [] });
    api.add(3);
    const next = await poll(byToken, none.state, (query) => api.answer(query));
    expect(next).toMatchObject({ ids: ['c6', 'c7', 'c8'], end: { cutShort: false } });
    expect(next.asked[0]).toBe('?since=5');
  });

  test('ends with an empty page, also where its token is a new one each time', async () => {
    let token = 0;
    const answer = (query: URLSearchParams) => ({
      records: query.has('since')
        ? []
        : [
            {
              id: 'a',
              at: '2026-11-01T00:00:00Z',
            },
          ],
      last_seq: `t${++token}`,
    });
    const first = await poll(byToken, fresh, answer);
    expect(first.asked).toEqual(['', '?since=t1']);
    expect(first.ids).toEqual(['a']);
    expect((await poll(byToken, first.state, answer)).asked).toEqual(['?since=t2']);
  });

  test('of an API whose last page names no token continues behind that page', async () => {
    const pages: Record<string, Answer> = {
      '': { records: [{ id: 'a', at: '2026-11-01T00:00:00Z' }], last_seq: 'x' },
      x: { records: [{ id: 'b', at: '2026-11-01T00:00:00Z' }], last_seq: null },
    };
    const answer = (query: URLSearchParams) => pages[query.get('since') ?? ''] ?? 404;
    const { state } = await poll(byToken, fresh, answer);
    expect((await poll(byToken, state, answer)).asked).toEqual(['?since=x']);
  });

  test('begins at the front where the token is refused, with a warning', async () => {
    const api = new Changes(3);
    const { state } = await poll(byToken, fresh, (query) => api.answer(query));
    let requests = 0;
    const { ids, warnings, asked } = await poll(byToken, state, (query) =>
      ++requests === 1 ? 410 : api.answer(query),
    );
    expect(ids).toEqual(['c1', 'c2', 'c3']);
    expect(warnings).toEqual(['place_dropped']);
    expect(asked.slice(0, 2)).toEqual(['?since=3', '']);
  });

  test('that is cut by max_pages continues there', async () => {
    const api = new Changes(6);
    const plan = { ...byToken, paginator: { ...byToken.paginator, maxPages: 2 } };
    const first = await poll(plan, fresh, (query) => api.answer(query));
    expect(first).toMatchObject({ ids: ['c1', 'c2', 'c3', 'c4'], end: { cutShort: true } });
    const next = await poll(plan, first.state, (query) => api.answer(query));
    expect(next).toMatchObject({ ids: ['c5', 'c6'] });
  });

  test('is requested as before without the key', async () => {
    const api = new Changes(3);
    const { resume: _resume, ...paginator } = byToken.paginator;
    const plan = { ...byToken, paginator };
    const { state } = await poll(plan, fresh, (query) => api.answer(query));
    expect(state.unfinished).toBeNull();
    expect((await poll(plan, state, (query) => api.answer(query))).asked[0]).toBe('');
  });
});

describe('newest first', () => {
  const at = (day: number) => `2026-11-${String(day).padStart(2, '0')}T00:00:00Z`;
  const list = Array.from({ length: 10 }, (_, n) => ({ id: `r${20 - n}`, at: at(20 - n) }));
  const plan = httpPlan({
    records: 'items',
    paginator: {
      type: 'page_number',
      pageParam: 'page',
      basePage: 1,
      totalPath: null,
      hasMorePath: null,
      stopAfterEmptyPage: true,
      maxPages: null,
    },
    incremental: {
      cursor: 'at',
      format: 'iso8601',
      startParam: null,
      endParam: null,
      initialValue: null,
      lagMs: 86_400_000,
      order: 'desc',
    },
  });
  const answer = (query: URLSearchParams) => {
    const page = Number(query.get('page'));
    return { items: list.slice((page - 1) * 2, page * 2) };
  };

  test('pages after one that is entirely known and older than the lag are not read', async () => {
    const first = await poll(plan, fresh, answer);
    expect(first.ids.length).toBe(10);
    expect(first.asked.length).toBe(6);
    const next = await poll(plan, first.state, answer);
    // The first page lies within the lag; the second one is older.
    expect(next.asked).toEqual(['?page=1', '?page=2']);
    expect(next).toMatchObject({ end: { cutShort: false }, state: { watermark: '2026-11-20T00:00:00.000000Z' } });
  });

  test('all are, without the key', async () => {
    const { order: _order, ...incremental } = plan.incremental ?? {};
    const all = { ...plan, incremental: incremental as HttpJsonPlan['incremental'] };
    const { state } = await poll(all, fresh, answer);
    expect((await poll(all, state, answer)).asked.length).toBe(6);
  });
});

describe('a poll that max_pages cut', () => {
  const at = (n: number) => `2026-11-01T00:00:${String(n).padStart(2, '0')}Z`;
  const planOf = (maxPages: number) =>
    httpPlan({
      records: 'items',
      paginator: {
        type: 'page_number',
        pageParam: 'page',
        basePage: 1,
        totalPath: null,
        hasMorePath: null,
        stopAfterEmptyPage: true,
        maxPages,
      },
      incremental: {
        cursor: 'at',
        format: 'iso8601',
        startParam: null,
        endParam: null,
        initialValue: null,
        lagMs: 0,
      },
    });
  const answerFrom = (first: number) => (query: URLSearchParams) => {
    const list = Array.from({ length: 17 - first }, (_, n) => ({ id: `r${first + n}`, at: at(first + n) }));
    const page = Number(query.get('page'));
    return { items: list.slice((page - 1) * 2, page * 2) };
  };

  test('reads the page before the cut once more, so a deletion before the next run hides nothing', async () => {
    const plan = planOf(4);
    const first = await poll(plan, fresh, answerFrom(1));
    expect(first.ids).toEqual(['r1', 'r2', 'r3', 'r4', 'r5', 'r6', 'r7', 'r8']);
    const next = await poll(plan, first.state, answerFrom(2), first.digests);
    expect(next.asked).toEqual(['?page=1', '?page=4', '?page=5', '?page=6']);
    expect(next.ids).toEqual(['r9', 'r10', 'r11', 'r12', 'r13']);
  });

  test('continues at the cut where max_pages leaves no room for that', async () => {
    const plan = planOf(3);
    const first = await poll(plan, fresh, answerFrom(1));
    const next = await poll(plan, first.state, answerFrom(1), first.digests);
    expect(next.asked).toEqual(['?page=1', '?page=4', '?page=5']);
  });

  test('continues after the page before the cut, also if end_on has repeat', async () => {
    const { paginator, ...rest } = planOf(4);
    const plan: HttpJsonPlan = { ...rest, paginator: { ...paginator, endOn: ['repeat'] } };
    const first = await poll(plan, fresh, answerFrom(1));
    const next = await poll(plan, first.state, answerFrom(1), first.digests);
    expect(next.ids).toEqual(['r9', 'r10', 'r11', 'r12']);
  });
});

test('a poll whose records have no time at the cursor says so to its end, for the alert', async () => {
  const incremental = { format: 'iso8601', startParam: null, endParam: null, initialValue: null, lagMs: 0 } as const;
  const answer = () => ({ items: [{ id: 'a', at: '2026-11-01T00:00:00Z' }] });
  const of = (cursor: string) => httpPlan({ records: 'items', incremental: { ...incremental, cursor } });
  expect((await poll(of('changed'), fresh, answer)).position).toMatchObject({
    unreadableCursor: true,
    watermark: null,
  });
  expect((await poll(of('at'), fresh, answer)).position).not.toHaveProperty('unreadableCursor');
});
