import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DaybookError } from '../../../../src/domain/errors.ts';
import { unlimited } from '../../../../src/domain/plan/host-budget.ts';
import { noopMetrics } from '../../../../src/domain/run/metrics.ts';
import type { PaginatorPlan } from '../../../../src/domain/plan/plan-parts.ts';
import {
  keepKeys,
  patchAfter,
  positionAfterFailure,
  startPosition,
  withoutPosition,
} from '../../../../src/domain/state/poll.ts';
import type { HttpJsonPlan } from '../../../../src/domain/plan/source-plan.ts';
import type { SourceState } from '../../../../src/domain/state/source-state.ts';
import { collect } from '../../../../src/sources/collect/collect.ts';
import { fetchHttpPages } from '../../../../src/sources/http/http-pages.ts';
import { createAccessTokens } from '../../../../src/sources/http/auth.ts';
import { firstHttpPosition } from '../../../../src/sources/pagination/first-position.ts';
import type { FetchContext } from '../../../../src/sources/extraction/fetch-context.ts';
import { ApiModel, type ApiEvent, type ApiTraits } from './api-model.ts';
import { contextOf, httpPlan, state as fresh } from '../plans.ts';

/** Thousands by hand, of any seed: what is left shows once in some thousands. A run of the tests tries the same worlds each time. */
const numRuns = Number(process.env['DAYBOOK_PAGING_RUNS'] ?? 120);
const seed = numRuns > 120 ? {} : { seed: 1 };

const traits = fc.record<ApiTraits>({
  paging: fc.constantFrom('page_number', 'offset', 'cursor', 'json_link', 'numbered_link'),
  newestFirst: fc.boolean(),
  knowsSince: fc.boolean(),
  pageSize: fc.integer({ min: 1, max: 4 }),
  ending: fc.constantFrom('empty', 'has_more', 'total', 'clamp', 'refuse'),
  emptyPages: fc.constantFrom(0, 0, 1, 3),
  shortPages: fc.boolean(),
});
const event = fc.record<ApiEvent>({
  request: fc.integer({ min: 1, max: 8 }),
  kind: fc.constantFrom('insert', 'insert', 'delete', 'update', 'break', 'lie'),
  count: fc.integer({ min: 1, max: 6 }),
});
const poll = fc.record({
  events: fc.array(event, { maxLength: 3 }),
  expires: fc.boolean(),
  batch: fc.constantFrom(1, 5, 100),
});
const world = fc.record({
  traits,
  size: fc.integer({ min: 0, max: 14 }),
  maxPages: fc.constantFrom(null, null, 2, 3),
  isIncremental: fc.boolean(),
  polls: fc.array(poll, { maxLength: 5 }),
});

/** Pages that two polls in a row move: they look like a last page that is given for each later one. */
const movedTwice = {
  traits: {
    paging: 'page_number',
    newestFirst: true,
    knowsSince: false,
    pageSize: 1,
    ending: 'empty',
    emptyPages: 0,
    shortPages: false,
  } satisfies ApiTraits,
  size: 3,
  maxPages: 2 as const,
  isIncremental: true,
  polls: [
    [],
    [
      {
        request: 1,
        count: 3,
      },
    ],
    [
      {
        request: 3,
        count: 1,
      },
    ],
  ].map((inserts) => ({
    events: inserts.map((insert): ApiEvent => ({
      ...insert,
      kind: 'insert',
    })),
    expires: false,
    batch: 1 as const,
  })),
};

const onePageEach = {
  traits: { ...movedTwice.traits, ending: 'total' } satisfies ApiTraits,
  maxPages: null,
  isIncremental: false,
};

const onePoll = (batch: 1 | 100, ...events: ApiEvent[]) => [{ events, expires: false, batch }];

/** A total that is too small for once makes the next page doubtful, and that one repeats the page before: others follow. */
const shrunkTotal = {
  ...onePageEach,
  size: 8,
  polls: onePoll(1, { request: 7, kind: 'lie', count: 1 }, { request: 8, kind: 'insert', count: 1 }),
};

/** The total is reached on a page that repeats the one before: one page was not counted. */
const totalOfMoved = {
  ...onePageEach,
  size: 7,
  polls: onePoll(
    100,
    { request: 2, kind: 'break', count: 1 },
    { request: 8, kind: 'insert', count: 1 },
    { request: 8, kind: 'lie', count: 1 },
  ),
};

/** A total of nothing on a page with records, and then one that is too small. */
const twoLies = {
  ...onePageEach,
  traits: { ...onePageEach.traits, newestFirst: false, pageSize: 3 },
  size: 7,
  polls: onePoll(1, { request: 1, kind: 'lie', count: 1 }, { request: 2, kind: 'lie', count: 1 }),
};

/** More records are inserted at once than a page has, and the total does not know of them. */
const movedFar = {
  ...onePageEach,
  traits: { ...onePageEach.traits, pageSize: 3 },
  size: 13,
  polls: onePoll(
    100,
    { request: 2, kind: 'break', count: 1 },
    { request: 6, kind: 'lie', count: 1 },
    { request: 6, kind: 'insert', count: 4 },
  ),
};

/** A poll continues behind a cut, records came before it meanwhile, and the total does not know of them. */
const cutAndMoved = {
  traits: { ...onePageEach.traits, pageSize: 3 },
  size: 8,
  maxPages: 2 as const,
  isIncremental: true,
  polls: [
    ...onePoll(1),
    ...onePoll(1, { request: 2, kind: 'lie', count: 1 }, { request: 1, kind: 'insert', count: 2 }),
  ],
};

/** A poll is interrupted at a page beyond a total that has proved wrong, and the next one is given that total again. */
const brokenBeyond = {
  ...onePageEach,
  traits: { ...onePageEach.traits, pageSize: 3 },
  size: 15,
  polls: [
    ...onePoll(
      100,
      { request: 5, kind: 'insert', count: 1 },
      { request: 5, kind: 'lie', count: 1 },
      { request: 6, kind: 'break', count: 1 },
    ),
    ...onePoll(100, { request: 1, kind: 'lie', count: 1 }),
  ],
};

/** A source of a model, what it remembers, and what of it is stored. */
class Source {
  readonly stored = new Set<string>();
  readonly #api: ApiModel;
  readonly #plan: HttpJsonPlan;
  readonly #keys = new Map<string, readonly string[]>();
  readonly #context: FetchContext;
  #state: SourceState = fresh;

  constructor(api: ApiModel, plan: HttpJsonPlan) {
    this.#api = api;
    this.#plan = plan;
    this.#context = contextOf(plan);
  }

  /** One run, as the workflow leads it. @returns its outcome, and when the poll began */
  async run(maxRecords: number): Promise<{ readonly outcome: string; readonly startedAt: string }> {
    const plan = this.#plan;
    const begun = this.#state.unfinished;
    const state = begun?.failed === true ? withoutPosition(this.#state) : this.#state;
    const now = this.#api.now();
    let position = startPosition(firstHttpPosition(plan, state), state, now);
    const { startedAt } = position;
    for (let fetches = 0; ; fetches++) {
      if (fetches > 500) throw new Error('the run does not end');
      try {
        const known = withoutPosition({ ...this.#state, previousPoll: [...position.knownBlobs, ...position.keyBlobs] });
        const { pages, days } = position;
        const front = {
          ...startPosition(firstHttpPosition(plan, { ...known, unfinished: null }), known, now),
          pages,
          days,
        };
        const context = this.#context;
        const taken = await collect({
          plan,
          position,
          front,
          reader: context.reader,
          limits: {
            maxRecords,
            maxBytes: 1e9,
            maxMs: 1e9,
          },
          pages: fetchHttpPages(
            plan,
            context.reader.format('*/*'),
            position.place as never,
            this.#state,
            this.#tools(),
            context,
          ),
          known: new Set(position.knownBlobs.flatMap((name) => this.#keys.get(name) ?? [])),
        });
        for (const { payload } of taken.accepted) this.stored.add(payload);
        const blob = `k${this.#keys.size}`;
        this.#keys.set(blob, taken.digests);
        position = keepKeys(taken.position, taken.digests.length, blob);
        this.#state = { ...this.#state, ...patchAfter(this.#state, position, taken.end, taken.lastPatch) };
        if (taken.end) return { outcome: taken.end.cutShort ? 'partial' : 'ok', startedAt };
      } catch (error) {
        if (!(error instanceof DaybookError)) throw error;
        const unfinished = positionAfterFailure(begun, this.#state.unfinished, error.type);
        this.#state = { ...this.#state, unfinished };
        return { outcome: error.message, startedAt };
      }
    }
  }

  #tools() {
    const [client, robots] = [this.#api, { check: async () => null }];
    const shared = { budget: unlimited, limitOf: () => null, measures: noopMetrics };
    return { client, robots, tokens: createAccessTokens(client), ...shared };
  }
}

function paginatorOf({ paging, ending }: ApiTraits, maxPages: number | null): PaginatorPlan {
  const says = ending === 'has_more' || ending === 'total' || !['page_number', 'offset'].includes(paging);
  const limits = {
    stopAfterEmptyPage: true,
    maxPages,
    hasMorePath: null,
    ...(says ? { followsEmptyPages: true as const } : {}),
    ...(ending === 'refuse' ? { endOn: [404] } : {}),
  };
  const counted = {
    ...limits,
    hasMorePath: ending === 'has_more' ? 'more' : null,
    totalPath: ending === 'total' ? 'total' : null,
  };
  switch (paging) {
    case 'page_number':
      return { type: 'page_number', pageParam: 'page', basePage: 1, ...counted };
    case 'offset':
      return { type: 'offset', offsetParam: 'offset', limitParam: 'limit', limit: 4, ...counted };
    case 'cursor':
      return { type: 'cursor', cursorPath: 'next', cursorParam: 'after', ...limits };
    case 'json_link':
    case 'numbered_link':
      return { type: 'json_link', nextUrlPath: 'next', ...limits };
  }
}

function planOf(api: ApiTraits, maxPages: number | null, isIncremental: boolean): HttpJsonPlan {
  const startParam = api.knowsSince ? 'since' : null;
  const incremental = { cursor: 'at', format: 'iso8601', startParam, endParam: null, initialValue: null, lagMs: 0 };
  return httpPlan({
    records: 'items',
    paginator: paginatorOf(api, maxPages),
    incremental: isIncremental ? incremental : null,
  });
}

test('with any changes between pages, no poll that missed a record is ok, and quiet polls store all records', async () => {
  await fc.assert(
    fc.asyncProperty(world, async ({ traits: api, size, maxPages, isIncremental, polls }) => {
      // Without incremental a poll that max_pages cuts reads the same pages forever, as its documentation says.
      const plan = planOf(api, isIncremental ? maxPages : null, isIncremental);
      const model = new ApiModel(api, size);
      const source = new Source(model, plan);
      const missing = (before: string) =>
        model.records.filter((record) => record.at < before && !source.stored.has(JSON.stringify(record)));
      for (const { events, expires, batch } of polls) {
        if (expires) model.expireTokens();
        model.begin(events);
        const { outcome, startedAt } = await source.run(batch);
        expect(outcome === 'ok' ? missing(startedAt) : []).toEqual([]);
      }
      model.begin([]);
      const outcomes: string[] = [];
      const isSettled = () => outcomes.filter((outcome) => outcome === 'ok').length === 2;
      while (!isSettled() && outcomes.length < 400) outcomes.push((await source.run(100)).outcome);
      expect(missing('9999')).toEqual([]);
      // One page that comes again for each other may as well be an API that does not heed the parameter.
      expect(api.ending === 'clamp' ? 'ok' : outcomes.at(-1)).toBe('ok');
    }),
    {
      numRuns,
      ...seed,
      examples: [[movedTwice], [shrunkTotal], [totalOfMoved], [twoLies], [movedFar], [cutAndMoved], [brokenBeyond]],
    },
  );
});
