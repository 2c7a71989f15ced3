import { compileExpression } from '../domain/expression.ts';
import { SourceUnavailable, UnreadableBody, messageOf } from '../domain/errors.ts';
import type { HttpPlace } from '../domain/fetch.ts';
import { isTextDeeperThan, parseJson, type ParsedJson } from '../domain/json.ts';
import type { HttpJsonPlan } from '../domain/source.ts';
import type { SourceState } from '../domain/state.ts';
import { formatMicros, parseIso8601, type Micros } from '../domain/time.ts';
import { maxDepth } from './extraction/extract-record.ts';
import { formatParameter } from './extraction/parameter-time.ts';
import { decodeText } from './http/charset.ts';
import type { HttpClient, HttpResponse } from './http/http-client.ts';
import { parseRetryAfter } from './http/retry-after.ts';
import { statusError } from './http/status.ts';
import type { FetchContext, Page } from './page.ts';
import { nextPage } from './pagination/next-page.ts';
import { findRecords } from './pagination/find-records.ts';

/** The longest `Retry-After` that a run waits for; a longer one ends it. */
const longestWaitMs = 15 * 60_000;

/**
 * Where a poll begins: one page before the place where an earlier one broke off, for what was deleted meanwhile has moved
 * records from that page to the one before; else at the first.
 */
export function firstHttpPlace(plan: HttpJsonPlan, state: SourceState): HttpPlace {
  const page = plan.paginator.type === 'page_number' ? plan.paginator.basePage : 0;
  if (state.unfinished) {
    const { page: next, since } = state.unfinished;
    return { type: 'http', page: Math.max(page, next - 1), since, recentPages: [] };
  }
  return { type: 'http', page, since: startOf(plan, state), recentPages: [] };
}

/** Fetches the pages of a JSON API, one after the other, from a place on. `plan` has its secrets filled in. */
export async function* fetchJsonPages(
  client: HttpClient,
  plan: HttpJsonPlan,
  from: HttpPlace,
  state: SourceState,
  context: FetchContext,
): AsyncGenerator<Page> {
  for (let place: HttpPlace | null = from; place !== null;) {
    const page: Page = await fetchPage(client, plan, place, state, context);
    yield page;
    place = page.next as HttpPlace | null;
  }
}

async function fetchPage(
  client: HttpClient,
  plan: HttpJsonPlan,
  place: HttpPlace,
  state: SourceState,
  { signal, onProgress }: FetchContext,
): Promise<Page> {
  onProgress({ page: place.page });
  const response = await client.get(
    {
      subject: plan.name,
      url: pageUrl(plan, place),
      headers: { accept: 'application/json, */*;q=0.5', ...plan.headers, ...conditions(plan, state) },
      allowPrivate: plan.allowPrivate,
      timeoutMs: plan.timeoutMs,
      maxBodyBytes: plan.maxBodyBytes,
    },
    signal,
  );
  const fetchedAt = new Date();
  const held = rateLimit(response, fetchedAt) ?? notModified(plan, response, state);
  if (held) return { items: [], fetchedAt, next: null, patch: {}, end: held };
  const error = statusError(response.status, plan.name, parseRetryAfter(response.headers['retry-after'], fetchedAt));
  if (error) throw error;
  return readPage(plan, place, response, fetchedAt);
}

function readPage(plan: HttpJsonPlan, place: HttpPlace, response: HttpResponse, fetchedAt: Date): Page {
  const validators = {
    etag: response.headers['etag'] ?? null,
    lastModified: response.headers['last-modified'] ?? null,
  };
  const patch = plan.paginator.type === 'single_page' ? validators : {};
  if (response.status === 204 || response.status === 205) return { items: [], fetchedAt, next: null, patch };
  const text = decodeText(response.body, response.headers['content-type']);
  const { value, exact } = parsePage(plan.name, text, response.headers['content-type']);
  const records = findRecords(plan.name, plan.records, compileExpression(plan.records), value);
  const mayBeDeep = isTextDeeperThan(text, maxDepth);
  const next = nextPage(plan.paginator, { page: place.page, records: records.length, value });
  return {
    items: records.map((record, index) => ({ index, raw: { value: record, exact, mayBeDeep } })),
    fetchedAt,
    next: next === null ? null : { ...place, page: next },
    patch,
  };
}

function parsePage(subject: string, text: string, contentType: string | undefined): ParsedJson {
  try {
    return parseJson(text);
  } catch (error) {
    const start = text.trimStart().slice(0, 40).replaceAll(/\s+/g, ' ');
    throw new UnreadableBody(
      `fetch: ${subject} answered with ${contentType ?? 'no content type'} that begins "${start}", expected JSON (${messageOf(error)})`,
    );
  }
}

function pageUrl(plan: HttpJsonPlan, place: HttpPlace): string {
  const url = new URL(plan.url);
  for (const [name, value] of Object.entries(plan.params)) url.searchParams.set(name, value);
  const since = place.since === null ? null : readTime(place.since);
  if (plan.incremental && since !== null) {
    url.searchParams.set(plan.incremental.startParam, formatParameter(since, plan.incremental.format));
  }
  if (plan.paginator.type === 'page_number') url.searchParams.set(plan.paginator.pageParam, String(place.page));
  return url.href;
}

/** Asks for changes only where one page is all there is: an unchanged first page says nothing about the others. */
function conditions(plan: HttpJsonPlan, state: SourceState): Record<string, string> {
  if (plan.paginator.type !== 'single_page') return {};
  return {
    ...(state.etag === null ? {} : { 'if-none-match': state.etag }),
    ...(state.lastModified === null ? {} : { 'if-modified-since': state.lastModified }),
  };
}

function notModified(plan: HttpJsonPlan, response: HttpResponse, state: SourceState): Page['end'] | null {
  if (response.status !== 304) return null;
  if (state.etag === null && state.lastModified === null) {
    throw new SourceUnavailable(`fetch: ${plan.name} answered 304 although no condition was sent, expected 200`);
  }
  return { notModified: true };
}

function rateLimit(response: HttpResponse, now: Date): Page['end'] | null {
  if (response.status !== 429 && response.status !== 503) return null;
  const waitMs = parseRetryAfter(response.headers['retry-after'], now);
  if (waitMs === null || waitMs <= longestWaitMs) return null;
  return { notBefore: new Date(now.getTime() + waitMs).toISOString() };
}

/** The watermark, less the lag, but not before the initial value. */
function startOf(plan: HttpJsonPlan, state: SourceState): string | null {
  if (!plan.incremental) return null;
  const { initialValue, lagMs } = plan.incremental;
  const initial = initialValue === null ? null : readTime(initialValue);
  const watermark = state.watermark === null ? null : readTime(state.watermark);
  const start = watermark === null ? initial : watermark - BigInt(lagMs) * 1000n;
  if (start === null) return null;
  return formatMicros(initial !== null && initial > start ? initial : start);
}

function readTime(text: string): Micros | null {
  const time = parseIso8601(text);
  return time.ok ? time.micros : null;
}
