import { hash } from 'node:crypto';
import type { HttpPosition, StatePatch } from '../../domain/state/fetch-position.ts';
import type { HttpFormatPlan, HttpJsonPlan, HttpPlan } from '../../domain/plan/source-plan.ts';
import type { SourceState } from '../../domain/state/source-state.ts';
import { isGzipped } from '../archive/gunzip.ts';
import { isZip } from '../archive/is-zip.ts';
import { fetchDocument, type Answer, type DocumentRequest, type HttpTools } from './fetch-document.ts';
import type { HttpResponse } from './http-client.ts';
import type { DocumentFormat, ReadPage } from '../extraction/document-format.ts';
import type { FetchContext } from '../extraction/fetch-context.ts';
import type { Page } from '../extraction/page.ts';
import { isFirstPage, positionAfter } from '../pagination/first-position.ts';
import { factsOf, nextPage } from '../pagination/next-page.ts';
import { asOverlapping, refusesOverlap, stepOf } from '../pagination/overlap.ts';
import { isForeign, isLink, pageAddress } from '../pagination/page-request.ts';
import { refusalsOf, refusedPage } from '../pagination/refused-page.ts';

/** Items of a page that are taken at a time where each needs its own request. */
const itemsPerBatch = 20;

/** Fetches the pages of a source, from a position on. `plan` has its secrets filled in. */
export async function* fetchHttpPages(
  plan: HttpPlan,
  format: DocumentFormat,
  from: HttpPosition,
  state: SourceState,
  tools: HttpTools,
  context: FetchContext,
): AsyncGenerator<Page> {
  const over = new AbortController();
  const ahead = new PagesAhead(plan, (place) =>
    askFor(plan, format, place, state, tools, {
      ...context,
      signal: AbortSignal.any([context.signal, over.signal]),
    }),
  );
  try {
    for (let place: HttpPosition | null = from; place !== null;) {
      context.onProgress({ page: place.page });
      const { page, next } = await readAnswer(plan, format, place, await ahead.take(place));
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
  const request = { ...asked, accept: format.accept, conditions: conditions(plan, state) };
  const mayRefuse = isFirstPage(plan, place) ? {} : { mayRefuse: refusalsOf(plan) };
  return fetchDocument(plan, { ...request, ...mayRefuse, ...more }, tools, context);
}

/** Which of several pages is asked for; nothing where there is one. */
function pageOf({ paginator }: HttpPlan, { page }: HttpPosition): { readonly page?: string } {
  if (paginator.type === 'single_page') return {};
  if (paginator.type === 'offset') return { page: `from record ${page}` };
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
      return { page: empty, next: null };
    case 'refused':
      if (refusesOverlap(place, answer.status)) {
        return { page: { ...empty, counts: false, refusesOverlap: true }, next: null };
      }
      return { page: { ...empty, ...refusedPage(plan, place, answer.status), counts: false }, next: null };
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
  const next = read.next === undefined ? nextPage(plan.paginator, place, factsOf(read, response)) : read.next;
  const records = read.checked?.fetched ?? read.items.length;
  const following = next === null ? null : asOverlapping(plan, place, positionAfter(place, next), records);
  const patch = read.broken === undefined ? { ...validators(plan, response), ...read.patch } : {};
  return {
    page: {
      items: read.items,
      fetchedAt,
      patch,
      next: null,
      ...(read.checked ? { checked: read.checked } : {}),
      ...(read.warnings ? { warnings: read.warnings } : {}),
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
