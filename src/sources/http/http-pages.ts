import { hash } from 'node:crypto';
import type { HttpPosition, NextPage, PollEnd, StatePatch } from '../../domain/state/fetch-position.ts';
import type { HttpFormatPlan, HttpJsonPlan, HttpPlan } from '../../domain/plan/source-plan.ts';
import type { Warning } from '../../domain/run/warning.ts';
import type { SourceState } from '../../domain/state/source-state.ts';
import { isGzipped } from '../archive/gunzip.ts';
import { isZip } from '../archive/is-zip.ts';
import { fetchDocument, type Answer, type DocumentRequest, type HttpTools } from './fetch-document.ts';
import type { HttpResponse } from './http-client.ts';
import type { DocumentFormat, ReadPage } from '../extraction/document-format.ts';
import type { FetchContext } from '../extraction/fetch-context.ts';
import type { Page } from '../extraction/page.ts';
import { isFirstPage, positionAfter } from '../pagination/first-position.ts';
import { offsetAt } from '../pagination/first-page.ts';
import { followingPage } from '../pagination/following-page.ts';
import { factsOf } from '../pagination/next-page.ts';
import { beginPart, isOtherPart, nextPart } from '../pagination/poll-parts.ts';
import { ShiftingPages } from '../pagination/shifting-pages.ts';
import { asOverlapping, refusesOverlap, stepOf } from '../pagination/overlap.ts';
import { isForeign, isLink, pageAddress } from '../pagination/page-request.ts';
import { pagingAdvice, refusalsOf, refusedPage } from '../pagination/refused-page.ts';

/** Items of a page that are taken at a time where each needs its own request. */
const itemsPerBatch = 20;

/**
 * Fetches the pages of a source, from a position on. `plan` has its secrets filled in.
 * @param first the response for the first of them, where it was requested already
 */
export async function* fetchHttpPages(
  plan: HttpPlan,
  format: DocumentFormat,
  from: HttpPosition,
  state: SourceState,
  tools: HttpTools,
  context: FetchContext,
  first: Promise<Answer> | null = null,
): AsyncGenerator<Page> {
  const over = new AbortController();
  const ahead = new PagesAhead(plan, (place) =>
    askFor(plan, format, place, state, tools, {
      ...context,
      signal: AbortSignal.any([context.signal, over.signal]),
    }),
  );
  try {
    const shifting = new ShiftingPages(plan);
    for (let place: HttpPosition | null = from; place !== null;) {
      context.onProgress({ page: place.page });
      const answer = first !== null && place === from ? first : ahead.take(place);
      const { page, next } = await readAnswer(plan, format, place, await answer);
      let isFollowed = true;
      for (const again of shifting.before(place)) {
        const read = await readAnswer(plan, format, again, await askFor(plan, format, again, state, tools, context));
        if (read.page.end?.notBefore) return yield read.page;
        const found = shifting.newOn(read.page);
        if (found.page) yield { ...found.page, next: place };
        isFollowed = !found.leadsBack || !shifting.mayLeadBack(again);
        if (!found.leadsBack) break;
      }
      if (!isFollowed) return yield { ...page, next: null, end: shiftedTooFar(plan) };
      shifting.remember(page);
      yield* parts(page, place, next);
      place = next;
    }
  } finally {
    over.abort();
  }
}

export interface FetchedPage {
  readonly page: Page;
  readonly next: HttpPosition | null;
}

/** Pages whose names are known beforehand are asked for a few at once, and handed out in order. */
class PagesAhead {
  readonly #plan: HttpPlan;
  readonly #ask: (place: HttpPosition) => Promise<Answer>;
  readonly #under = new Map<number, Promise<Answer>>();

  constructor(plan: HttpPlan, ask: (place: HttpPosition) => Promise<Answer>) {
    this.#plan = plan;
    this.#ask = ask;
  }

  take(place: HttpPosition): Promise<Answer> {
    const { concurrency } = this.#plan;
    const step = stepOf(this.#plan, place);
    if (step === null || concurrency === 1 || place.doubtful === true) return this.#ask(place);
    for (let number = 0; number < concurrency; number++) {
      const page = place.page + number * step;
      if (this.#under.has(page)) continue;
      const asking = this.#ask(number === 0 ? place : { ...place, page, cursor: null, skip: 0 });
      // The failure of an abandoned request does not matter.
      asking.catch(() => undefined);
      this.#under.set(page, asking);
    }
    const taken = this.#under.get(place.page) ?? this.#ask(place);
    this.#under.delete(place.page);
    return taken;
  }
}

/** Asks for the page at a position. @param more what else is asked */
export async function askFor(
  plan: HttpPlan,
  format: DocumentFormat,
  place: HttpPosition,
  state: SourceState,
  tools: HttpTools,
  context: Pick<FetchContext, 'signal'>,
  more: Partial<DocumentRequest> = {},
): Promise<Answer> {
  const asked = { ...pageAddress(plan, place), ...pageOf(plan, place) };
  const advise = (status: number) => pagingAdvice(plan, place, status);
  const request = { ...asked, accept: format.accept, conditions: conditions(plan, state), advise };
  const mayRefuse = isFirstPage(plan, place) ? {} : { mayRefuse: refusalsOf(plan) };
  return fetchDocument(plan, { ...request, ...mayRefuse, ...more }, tools, context);
}

/** Which of several pages is asked for; nothing where there is one. */
function pageOf({ paginator }: HttpPlan, place: HttpPosition): { readonly page?: string } {
  if (paginator.type === 'single_page') return {};
  if (paginator.type === 'offset') return { page: `from record ${offsetAt(paginator, place)}` };
  const { page } = place;
  return { page: `page ${paginator.type === 'page_number' ? page : page + 1}` };
}

/** What an answer holds, and where the page after it is. */
export async function readAnswer(
  plan: HttpPlan,
  format: DocumentFormat,
  place: HttpPosition,
  answer: Answer,
): Promise<FetchedPage> {
  const empty = { items: [], fetchedAt: answer.fetchedAt, next: null, patch: {} };
  switch (answer.kind) {
    case 'not_modified':
      return { page: { ...empty, end: { notModified: true } }, next: null };
    case 'rate_limited':
      return { page: { ...empty, end: { notBefore: answer.notBefore.toISOString() } }, next: null };
    case 'ignored':
      return { page: empty, next: nextPart(plan, place) };
    case 'refused':
      if (refusesOverlap(place, answer.status)) {
        return { page: { ...empty, counts: false, refusesOverlap: true }, next: null };
      }
      return {
        page: { ...empty, ...refusedPage(plan, place, answer.status), counts: false },
        next: nextPart(plan, place),
      };
    case 'document':
      return readDocument(plan, format, place, answer);
  }
}

async function readDocument(
  plan: HttpPlan,
  format: DocumentFormat,
  place: HttpPosition,
  { response, fetchedAt }: Extract<Answer, { kind: 'document' }>,
): Promise<FetchedPage> {
  const empty = response.status === 204 || response.status === 205;
  const packed = plan.type === 'http_json' || plan.type === 'http' ? await unpacked(plan, response) : response;
  const read: ReadPage = empty ? { items: [] } : await format.read(packed, fetchedAt, { place });
  const { next, problem } =
    read.next === undefined
      ? followingPage(plan, place, factsOf(read, response))
      : { next: read.next, ...problemOf(read) };
  if (next?.values?.boundCheck?.stepsBack) {
    const { circle: _circle, sameIds: _ids, ...stepsBack } = positionOf(plan, place, next, 0);
    return { page: { items: [], fetchedAt, patch: {}, next: null, stepsBack }, next: null };
  }
  const records = read.checked ? (read.checked.shaped?.received ?? read.checked.fetched) : read.items.length;
  const ended = problem ?? read.broken;
  const following = next === null ? (ended ? null : nextPart(plan, place)) : positionOf(plan, place, next, records);
  const warnings = [...(read.warnings ?? []), ...(problem ? [problem] : [])];
  const patch = read.broken === undefined ? { ...validators(plan, response), ...read.patch } : {};
  return {
    page: {
      items: read.items,
      fetchedAt,
      patch,
      next: null,
      ...(read.checked ? { checked: read.checked } : {}),
      ...(warnings.length > 0 ? { warnings } : {}),
      ...(problem ? { end: { cutShort: true, paging: pagingOf(plan, problem) } } : {}),
      ...(read.fields ? { fields: read.fields } : {}),
      ...(read.itemMemory === undefined ? {} : { itemMemory: read.itemMemory }),
      ...noteOf(plan, place, following),
      ...(read.broken === undefined
        ? {}
        : {
            warning: read.broken,
            end: { cutShort: true },
          }),
    },
    next: following,
  };
}

/** A body as its format reads it: without the archive around it. */
async function unpacked(plan: HttpJsonPlan | HttpFormatPlan, response: HttpResponse): Promise<HttpResponse> {
  if (!isGzipped(response.body) && !isZip(response.body)) return response;
  const { unpackedPage } = await import('../bodies/open-body.ts');
  return unpackedPage(plan, response);
}

/** Where the next page is. */
function positionOf(plan: HttpPlan, place: HttpPosition, next: NextPage, records: number): HttpPosition {
  if (isOtherPart(place, { ...place, ...next })) return beginPart(place, next);
  return asOverlapping(plan, place, positionAfter(place, next), records);
}

function problemOf({ problem }: ReadPage): { readonly problem?: Warning } {
  return problem ? { problem } : {};
}

function pagingOf({ name }: HttpPlan, { message }: Warning): string {
  return `${name}: ${message}. The watermark does not change`;
}

/** Records that moved further back than pages are read again would be missed. */
function shiftedTooFar({ name }: HttpPlan): Partial<PollEnd> {
  const paging = `${name}: more records were deleted between two pages than are read again (shifting), so that others may be missed; the poll ends there. The watermark does not change`;
  return { cutShort: true, paging };
}

/** For the log: pages that are followed to an origin that gets nothing of what the source's own gets. */
function noteOf(plan: HttpPlan, place: HttpPosition, next: HttpPosition | null): Pick<Page, 'warning'> {
  if (next === null || !isLink(plan, next) || !isForeign(plan, new URL(next.cursor))) return {};
  const { origin } = new URL(next.cursor);
  if (isLink(plan, place) && new URL(place.cursor).origin === origin) return {};
  return { warning: `next pages are at ${origin}, a different origin than url; they are requested without headers` };
}

/** A page whose items need requests of their own is handed out in parts, so that none of them takes too long. */
export function* parts(page: Page, place: HttpPosition, next: HttpPosition | null): Generator<Page> {
  const items = page.items.slice(place.skip);
  const needed = items.some((item) => 'complete' in item && item.complete !== undefined);
  const size = needed ? itemsPerBatch : Math.max(items.length, 1);
  for (let start = 0; start === 0 || start < items.length; start += size) {
    const end = start + size;
    const last = end >= items.length;
    const isFirst = start === 0 && place.skip === 0;
    yield {
      ...page,
      ...(isFirst ? {} : { warnings: [], fields: {} }),
      items: items.slice(start, end),
      next: last ? next : { ...place, skip: place.skip + end },
      counts: isFirst,
    };
  }
}

/** Remembered only where one page is all there is: an unchanged first page says nothing about the others. */
function validators(plan: HttpPlan, { headers, body }: HttpResponse): StatePatch {
  if (plan.paginator.type !== 'single_page') return {};
  return {
    etag: headers['etag'] ?? null,
    lastModified: headers['last-modified'] ?? null,
    // The poll says which keys belong to it once it is over.
    ...(plan.probe === true ? { document: { sha256: documentHash(body), poll: [] } } : {}),
  };
}

/** What a probe compares a document by. */
export function documentHash(body: Buffer): string {
  return hash('sha256', body, 'hex');
}

/** What makes the request for a source's one page conditional. */
export function conditions(plan: HttpPlan, state: SourceState): Record<string, string> {
  if (plan.paginator.type !== 'single_page') return {};
  return {
    ...(state.etag === null ? {} : { 'if-none-match': state.etag }),
    ...(state.lastModified === null ? {} : { 'if-modified-since': state.lastModified }),
  };
}
