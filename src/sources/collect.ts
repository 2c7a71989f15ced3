import { hash as digestOf } from 'node:crypto';
import type { NewDeadLetter } from '../domain/dead-letter.ts';
import { DaySet } from '../domain/day-set.ts';
import type { Circle, FetchPosition, HttpPlace, ModulePlace, PollEnd } from '../domain/fetch.ts';
import type { PayloadCheck } from '../domain/json-schema.ts';
import type { AcceptedRecord } from '../domain/record.ts';
import { WrongShape } from '../domain/errors.ts';
import type { FetchCounts } from '../domain/receipt.ts';
import { latest } from '../domain/poll.ts';
import type { SourcePlan } from '../domain/source.ts';
import type { FilesProgress } from '../domain/state.ts';
import { formatMicros, microsOfDate, parseIso8601, type Micros } from '../domain/time.ts';
import { createCursorTime } from './extraction/cursor-time.ts';
import { createExtractor } from './extraction/extract-record.ts';
import type { Page } from './page.ts';
import { sortPage, type SortedPage } from './sort-page.ts';

/** When a fetch stops taking further pages. */
export interface CollectLimits {
  readonly maxRecords: number;
  readonly maxBytes: number;
  readonly maxMs: number;
}

export interface CollectInput {
  readonly plan: SourcePlan;
  readonly position: FetchPosition;
  readonly pages: AsyncGenerator<Page>;
  /** Digests of the previous poll's records; null = the ledger alone decides. */
  readonly known: ReadonlySet<string> | null;
  /** What payloads must fit; null = anything. */
  readonly check: PayloadCheck | null;
  readonly limits: CollectLimits;
}

export interface Collected {
  readonly counts: FetchCounts;
  readonly accepted: readonly AcceptedRecord[];
  readonly deadLetters: readonly NewDeadLetter[];
  /** Digests of all valid records, unchanged ones too. */
  readonly digests: readonly string[];
  /** What the state learns from the last page. */
  readonly lastPatch: Page['patch'];
  /** After the last page; where `end` is null its place is that of the next page. */
  readonly position: FetchPosition;
  /** Set where the poll is over. */
  readonly end: PollEnd | null;
  /** How far the files of a glob have been read; null where the source is none. */
  readonly files: FilesProgress | null;
  readonly warnings: readonly string[];
}

/** Hashes of the last pages that are kept to see one come again. */
const rememberedPages = 16;

/** A source that has nothing on so many pages in a row has nothing on the others. */
const maxEmptyPages = 1_000;

const notOver: PollEnd = { cutShort: false, notModified: false, notBefore: null };

/**
 * Reads pages until there is enough for a batch, or no more. What the earlier pages of this call yielded is kept when a
 * later one fails: the next call meets the failure itself.
 */
export async function collect(input: CollectInput): Promise<Collected> {
  const { plan, position: start, pages, known, check, limits } = input;
  refuseEndless(plan, start);
  const days = new DaySet(start.days);
  const sorter = {
    ...{ extract: createExtractor(plan, days, check), known, cursorTime: createCursorTime(plan) },
    since: oldestWanted(plan, start),
    hashPages: start.place.type !== 'file',
  };
  const sorted: SortedPage[] = [];
  const startedAt = performance.now();
  let size = { records: 0, bytes: 0 };
  let position = start;
  let lastPatch: Page['patch'] = {};
  let end: PollEnd | null = null;
  let files: FilesProgress | null = null;
  const warnings: string[] = [];
  try {
    for await (const page of pages) {
      const result = await sortPage(page, pageNumber(plan, position, page), sorter);
      if (comesAgain(position, result)) {
        end = notOver;
        break;
      }
      sorted.push(result);
      lastPatch = page.patch;
      files = page.files ?? files;
      if (page.warning !== undefined) warnings.push(page.warning);
      const from = position.place;
      position = advance(plan, position, page, result, days);
      end = endOf(plan, position, page) ?? (goesInCircles(from, position.place) ? notOver : null);
      // What was read is stored first; the next fetch says what is wrong.
      if (isEndless(position)) break;
      size = { records: size.records + result.fetched, bytes: size.bytes + bytesOf(result) };
      if (end || size.records >= limits.maxRecords || size.bytes >= limits.maxBytes) break;
      if (performance.now() - startedAt >= limits.maxMs) break;
    }
  } catch (error) {
    if (sorted.length === 0) throw error;
  }
  const accepted = sorted.flatMap((page) => page.accepted);
  const deadLetters = sorted.flatMap((page) => page.deadLetters);
  return {
    counts: {
      fetched: sum(sorted, (page) => page.fetched),
      accepted: accepted.length,
      rejected: deadLetters.length,
      unchanged: sum(sorted, (page) => page.unchanged),
      repaired: accepted.filter((record) => record.repaired).length,
      pages: position.pages - start.pages,
    },
    accepted,
    deadLetters,
    digests: sorted.flatMap((page) => page.digests),
    lastPatch,
    position,
    end,
    files,
    warnings,
  };
}

/** From when on records are wanted of a source that cannot be asked so. */
function oldestWanted(plan: SourcePlan, { place }: FetchPosition): Micros | null {
  if (plan.type === 'file' || plan.type === 'module' || place.type !== 'http' || place.since === null) return null;
  if (!plan.incremental || plan.incremental.startParam !== null) return null;
  const time = parseIso8601(place.since);
  return time.ok ? time.micros : null;
}

/** A file is one page, however many stretches it is read in; so is a page that is handed out in parts. */
function pageNumber(plan: SourcePlan, position: FetchPosition, page: Page): number {
  return plan.type === 'file' ? 1 : position.pages + (page.counts === false ? 0 : 1);
}

function comesAgain({ place }: FetchPosition, { hash }: SortedPage): boolean {
  return place.type !== 'file' && hash !== null && place.recentPages.includes(hash);
}

function advance(
  plan: SourcePlan,
  position: FetchPosition,
  page: Page,
  { furthest, hash }: SortedPage,
  days: DaySet,
): FetchPosition {
  const bound = microsOfDate(new Date(position.startedAt));
  const reached = furthest === null ? null : formatMicros(furthest < bound ? furthest : bound);
  const answered = page.end?.notModified || page.end?.notBefore ? position.pages : pageNumber(plan, position, page);
  const place = page.next ?? position.place;
  return {
    ...position,
    pages: answered,
    days: days.ranges(),
    watermark: latest(position.watermark, reached),
    place: place.type === 'file' ? place : remember(place, position, hash),
  };
}

function remember<P extends HttpPlace | ModulePlace>(place: P, position: FetchPosition, hash: string | null): P {
  const before = position.place.type === 'file' ? null : position.place;
  const recent = before?.recentPages ?? [];
  return {
    ...place,
    recentPages: hash === null ? recent : [...recent, hash].slice(-rememberedPages),
    emptyPages: hash === null ? (before?.emptyPages ?? 0) + 1 : 0,
    ...(before && place.cursor !== null && place.cursor !== before.cursor
      ? { circle: step(before, place.cursor) }
      : {}),
  };
}

function step({ circle }: HttpPlace | ModulePlace, cursor: string): Circle {
  if (!circle) return { mark: nameOf(cursor), steps: 0, limit: 1 };
  if (circle.steps < circle.limit) return { ...circle, steps: circle.steps + 1 };
  return { mark: nameOf(cursor), steps: 0, limit: circle.limit * 2 };
}

/** Whether the next page is one that was read already: it would lead round and round. */
function goesInCircles(from: FetchPosition['place'], next: FetchPosition['place']): boolean {
  if (from.type === 'file' || next.type === 'file' || next.cursor === null) return false;
  if (next.cursor === from.cursor) return next.page !== from.page;
  return from.circle?.mark === nameOf(next.cursor);
}

function nameOf(cursor: string): string {
  return digestOf('sha256', cursor, 'base64url').slice(0, 22);
}

function isEndless({ place }: FetchPosition): boolean {
  return place.type !== 'file' && (place.emptyPages ?? 0) >= maxEmptyPages;
}

/** @throws WrongShape */
function refuseEndless({ name }: SourcePlan, position: FetchPosition): void {
  if (!isEndless(position)) return;
  throw new WrongShape(
    `fetch: ${name} gave ${maxEmptyPages} pages without records one after the other, expected an end; set max_pages or stop_after_empty_page, or let the module end`,
  );
}

function endOf(plan: SourcePlan, position: FetchPosition, page: Page): PollEnd | null {
  if (page.next === null) return { ...notOver, ...page.end };
  const maxPages = plan.type === 'file' || plan.type === 'module' ? null : plan.paginator.maxPages;
  const isPart = page.next.type === 'http' && page.next.skip > 0;
  return maxPages !== null && position.pages >= maxPages && !isPart ? { ...notOver, cutShort: true } : null;
}

function bytesOf(page: SortedPage): number {
  return (
    sum(page.accepted, (record) => Buffer.byteLength(record.payload)) +
    sum(page.deadLetters, (letter) => letter.recordText.length)
  );
}

function sum<T>(items: readonly T[], amount: (item: T) => number): number {
  return items.reduce((total, item) => total + amount(item), 0);
}
