import type { HttpPlace, StatePatch } from '../domain/fetch.ts';
import type { HttpPlan } from '../domain/source.ts';
import type { SourceState } from '../domain/state.ts';
import { formatMicros } from '../domain/time.ts';
import { fetchDocument, type Answer, type HttpTools } from './http/fetch-document.ts';
import type { HttpResponse } from './http/http-client.ts';
import type { FetchContext, Page, ReadPage } from './page.ts';
import { nextPage, type NextPage } from './pagination/next-page.ts';
import { pageAddress, readTime } from './pagination/page-request.ts';

/** A kind of document. */
export interface DocumentFormat {
  readonly accept: string;
  /** @throws DaybookError where the document is not of this kind */
  readonly read: (response: HttpResponse, fetchedAt: Date) => Promise<ReadPage> | ReadPage;
}

/** Items of a page that are taken at a time where each needs a request of its own. */
const itemsAtOnce = 20;

/**
 * Where a poll begins: where an earlier one broke off, else at the first page. Where pages are numbers it steps one page
 * back: what was deleted meanwhile has moved records from the page that is next to the one before.
 */
export function firstHttpPlace(plan: HttpPlan, state: SourceState): HttpPlace {
  const { paginator } = plan;
  const page = paginator.type === 'page_number' ? paginator.basePage : 0;
  if (state.unfinished) {
    const { page: next, cursor, skip, since } = state.unfinished;
    const back = paginator.type === 'page_number' ? 1 : paginator.type === 'offset' ? paginator.limit : 0;
    const stepped = back > 0 && next > page;
    return {
      ...{ type: 'http', page: stepped ? Math.max(page, next - back) : next, cursor, since, recentPages: [] },
      skip: stepped ? 0 : skip,
    };
  }
  return { type: 'http', page, cursor: null, skip: 0, since: startOf(plan, state), recentPages: [] };
}

/** Fetches the pages of a source, from a place on. `plan` has its secrets filled in. */
export async function* fetchHttpPages(
  plan: HttpPlan,
  format: DocumentFormat,
  from: HttpPlace,
  state: SourceState,
  tools: HttpTools,
  context: FetchContext,
): AsyncGenerator<Page> {
  const over = new AbortController();
  const ahead = new PagesAhead(plan, (place) =>
    fetchPage(plan, format, place, state, tools, {
      ...context,
      signal: AbortSignal.any([context.signal, over.signal]),
    }),
  );
  try {
    for (let place: HttpPlace | null = from; place !== null;) {
      context.onProgress({ page: place.page });
      const { page, next } = await ahead.take(place);
      yield* parts(page, place, next);
      place = next;
    }
  } finally {
    over.abort();
  }
}

interface FetchedPage {
  readonly page: Page;
  readonly next: HttpPlace | null;
}

/** Pages whose names are known beforehand are fetched a few at once, and handed out in order. */
class PagesAhead {
  readonly #plan: HttpPlan;
  readonly #fetch: (place: HttpPlace) => Promise<FetchedPage>;
  readonly #under = new Map<number, Promise<FetchedPage>>();

  constructor(plan: HttpPlan, fetch: (place: HttpPlace) => Promise<FetchedPage>) {
    this.#plan = plan;
    this.#fetch = fetch;
  }

  take(place: HttpPlace): Promise<FetchedPage> {
    const { paginator, concurrency } = this.#plan;
    const step = paginator.type === 'page_number' ? 1 : paginator.type === 'offset' ? paginator.limit : null;
    if (step === null || concurrency === 1) return this.#fetch(place);
    for (let number = 0; number < concurrency; number++) {
      const page = place.page + number * step;
      if (this.#under.has(page)) continue;
      const fetching = this.#fetch(number === 0 ? place : { ...place, page, cursor: null, skip: 0 });
      // One that nobody asks for any more may fail as it likes.
      fetching.catch(() => undefined);
      this.#under.set(page, fetching);
    }
    const taken = this.#under.get(place.page) ?? this.#fetch(place);
    this.#under.delete(place.page);
    return taken;
  }
}

async function fetchPage(
  plan: HttpPlan,
  format: DocumentFormat,
  place: HttpPlace,
  state: SourceState,
  tools: HttpTools,
  context: FetchContext,
): Promise<FetchedPage> {
  const request = { ...pageAddress(plan, place), accept: format.accept, conditions: conditions(plan, state) };
  const answer = await fetchDocument(plan, request, tools, context);
  const { fetchedAt } = answer;
  const empty = { items: [], fetchedAt, next: null, patch: {} };
  switch (answer.kind) {
    case 'not_modified':
      return { page: { ...empty, end: { notModified: true } }, next: null };
    case 'rate_limited':
      return { page: { ...empty, end: { notBefore: answer.notBefore.toISOString() } }, next: null };
    case 'ignored':
      return { page: empty, next: null };
    case 'document':
      return readDocument(plan, format, place, answer);
  }
}

async function readDocument(
  plan: HttpPlan,
  format: DocumentFormat,
  place: HttpPlace,
  { response, fetchedAt }: Extract<Answer, { kind: 'document' }>,
): Promise<FetchedPage> {
  const empty = response.status === 204 || response.status === 205;
  const read: ReadPage = empty ? { items: [] } : await format.read(response, fetchedAt);
  const facts = { records: read.items.length, value: read.value, html: read.html ?? null };
  const next = nextPage(plan.paginator, place, { ...facts, headers: response.headers, url: response.url });
  const patch = read.broken === undefined ? { ...validators(plan, response), ...read.patch } : {};
  return {
    page: {
      ...{ items: read.items, fetchedAt, patch, next: null },
      ...(read.broken === undefined ? {} : { warning: read.broken, end: { cutShort: true } }),
    },
    next: next === null ? null : placeAfter(place, next),
  };
}

function placeAfter(place: HttpPlace, { page, cursor }: NextPage): HttpPlace {
  return { ...place, page, cursor, skip: 0 };
}

/** A page whose items need requests of their own is handed out in parts, so that none of them takes too long. */
function* parts(page: Page, place: HttpPlace, next: HttpPlace | null): Generator<Page> {
  const items = page.items.slice(place.skip);
  const needed = items.some((item) => 'complete' in item && item.complete !== undefined);
  const size = needed ? itemsAtOnce : Math.max(items.length, 1);
  for (let start = 0; start === 0 || start < items.length; start += size) {
    const end = start + size;
    const last = end >= items.length;
    yield {
      ...page,
      items: items.slice(start, end),
      next: last ? next : { ...place, skip: place.skip + end },
      counts: start === 0 && place.skip === 0,
    };
  }
}

/** Remembered only where one page is all there is: an unchanged first page says nothing about the others. */
function validators(plan: HttpPlan, { headers }: HttpResponse): StatePatch {
  if (plan.paginator.type !== 'single_page') return {};
  return { etag: headers['etag'] ?? null, lastModified: headers['last-modified'] ?? null };
}

function conditions(plan: HttpPlan, state: SourceState): Record<string, string> {
  if (plan.paginator.type !== 'single_page') return {};
  return {
    ...(state.etag === null ? {} : { 'if-none-match': state.etag }),
    ...(state.lastModified === null ? {} : { 'if-modified-since': state.lastModified }),
  };
}

/** The watermark, less the lag, but not before the initial value. */
function startOf(plan: HttpPlan, state: SourceState): string | null {
  if (!plan.incremental) return null;
  const { initialValue, lagMs } = plan.incremental;
  const initial = readTime(initialValue);
  const watermark = readTime(state.watermark);
  const start = watermark === null ? initial : watermark - BigInt(lagMs) * 1000n;
  if (start === null) return null;
  return formatMicros(initial !== null && initial > start ? initial : start);
}
