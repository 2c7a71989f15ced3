import type { NewDeadLetter } from '../../domain/dead-letters/dead-letter.ts';
import type { FetchPosition, PollEnd } from '../../domain/state/fetch-position.ts';
import type { AcceptedRecord } from '../../domain/run/record.ts';
import type { FetchCounts } from '../../domain/run/receipt.ts';
import { latest } from '../../domain/state/poll.ts';
import { asksSince } from '../../domain/plan/plan-parts.ts';
import type { SourcePlan } from '../../domain/plan/source-plan.ts';
import type { FilesProgress } from '../../domain/state/file-progress.ts';
import { formatMicros, microsOfDate, type Micros } from '../../domain/time/timestamp.ts';
import { completeItems } from './complete-items.ts';
import { addWarnings, type Warning } from '../../domain/run/warning.ts';
import type { CheckOptions } from '../compute/job.ts';
import type { CheckedWithDays, ClassifiedPage } from '../extraction/checked-page.ts';
import type { SourceReader } from '../compute/source-reader.ts';
import { DuplicateIds, noDuplicates } from './duplicate-ids.ts';
import { EmptyFields } from './empty-fields.ts';
import type { Page } from '../extraction/page.ts';
import {
  afterPage,
  afterRepeat,
  isRepeatedPage,
  isEndless,
  assertNotEndless,
  remember,
} from '../pagination/page-sequence.ts';
import { continuationOf, withoutOverlap } from '../pagination/overlap.ts';
import { bodyChanged, ofStretch, restarted } from '../pagination/large-body.ts';
import { withMissedScroll } from '../pagination/page-cycle.ts';
import { notingWrongTotal } from '../pagination/wrong-total.ts';
import { readTime } from '../pagination/read-time.ts';
import { isSavedPositionGone, savedPositionDropped } from '../pagination/saved-position.ts';
import { hasNewFiltered, isNewTo, classifyPage } from '../extraction/classify-page.ts';
import { areIdsKnown, idsInOrder } from '../extraction/page-ids.ts';
import { intoNextPart } from './next-part.ts';
import { withoutProof } from './without-proof.ts';
import { createStartCheck } from './start-param.ts';

/** When a fetch stops reading further pages. */
export interface CollectLimits {
  readonly maxRecords: number;
  readonly maxBytes: number;
  readonly maxMs: number;
}

export interface CollectInput {
  readonly plan: SourcePlan;
  readonly position: FetchPosition;
  readonly pages: AsyncGenerator<Page>;
  /** Digests of the previous poll's records, which may be read with the first page; null = the ledger alone decides. */
  readonly known: ReadonlySet<string> | null | (() => Promise<ReadonlySet<string>>);
  readonly reader: SourceReader;
  readonly limits: CollectLimits;
  /** Where the poll begins if the position of an earlier one is useless; absent = it has no other beginning. */
  readonly front?: FetchPosition | null;
  /** An earlier attempt may have requested the first of the pages already. @default false */
  readonly isRepeated?: boolean;
  /** Nothing that fails now is tried again. @default false */
  readonly lastAttempt?: boolean;
  /** See `CheckOptions`. @default null */
  readonly parent?: string | null;
}

export interface Collected {
  readonly counts: FetchCounts;
  readonly accepted: readonly AcceptedRecord[];
  readonly deadLetters: readonly NewDeadLetter[];
  /** Accepted records that cannot be stored, because another record of their page has the same id. They are kept anyway. */
  readonly duplicates: readonly NewDeadLetter[];
  /** Digests of all valid records, unchanged ones too. */
  readonly digests: readonly string[];
  /** What the state learns from the last page. */
  readonly lastPatch: Page['patch'];
  /** After the last page; where `end` is null its place is that of the next page. */
  readonly position: FetchPosition;
  /** Set where the poll is over. */
  readonly end: PollEnd | null;
  /** How far the files of a glob have been read; null if the source is none. */
  readonly files: FilesProgress | null;
  /** Which item of a feed each guid and link belongs to, as text; null if the source is no feed. */
  readonly itemMemory: string | null;
  /** For the log. */
  readonly notes: readonly string[];
  readonly warnings: readonly Warning[];
}

const noKeys: ReadonlySet<string> = new Set();

/**
 * Reads pages until there is enough for a batch, or no more. What the earlier pages of this call yielded is kept when a
 * later one fails: the next call meets the failure itself.
 */
export async function collect(input: CollectInput): Promise<Collected> {
  const { plan, position: start, pages, reader, limits } = input;
  let known = typeof input.known === 'function' ? noKeys : input.known;
  let readKnown = typeof input.known === 'function' ? input.known : null;
  assertNotEndless(plan, start);
  const isRepeated = input.isRepeated === true || (start.place.type === 'http' && start.place.saved !== undefined);
  const since = oldestWanted(plan, start);
  const optionsAt = (page: Pick<Page, 'counts' | 'stretch'>): CheckOptions => ({
    number: pageNumber(plan, position, page),
    days: position.days,
    since,
    makesDigests: known !== null,
    hashPages: start.place.type !== 'file' && page.stretch === undefined,
    ...(typeof input.parent === 'string' ? { parent: input.parent } : {}),
  });
  const sorted: ClassifiedPage[] = [];
  const startedAt = performance.now();
  let size = { records: 0, bytes: 0 };
  let position = start;
  let lastPatch: Page['patch'] = {};
  let end: PollEnd | null = null;
  let files: FilesProgress | null = null;
  let itemMemory: string | null = null;
  const notes: string[] = [];
  let warnings: readonly Warning[] = [];
  const ids = new DuplicateIds(plan, start.duplicates);
  const duplicates: NewDeadLetter[] = [];
  const olderThanAsked = createStartCheck(plan, start);
  const fields = new EmptyFields(plan, start.fields);
  try {
    reader.checksDocuments = optionsAt({});
    for await (const given of pages) {
      if (given.restarts !== undefined) {
        position = restarted(position, input.front ?? null);
        warnings = addWarnings(warnings, [bodyChanged(given.restarts)]);
        break;
      }
      if (given.refusesOverlap) {
        position = withoutOverlap(position);
        break;
      }
      if (given.stepsBack) {
        position = { ...position, pages: position.pages + 1, place: given.stepsBack };
        break;
      }
      if (readKnown && !given.end?.notModified) [known, readKnown] = [await readKnown(), null];
      const read = given.checked ?? ofStretch(given, await checkItems(given, known, reader, optionsAt(given), fields));
      const isAgain = isRepeatedPage(position, read.hash);
      if (isAgain && given.readAgain) continue;
      const page = isAgain ? given : notingWrongTotal(plan, position, given, read);
      const sequel = continuationOf(plan, position, read, isAgain);
      if ('elsewhere' in sequel) {
        position = sequel.elsewhere;
        break;
      }
      const { checked } = sequel;
      ({ position } = sequel);
      const result = classifyPage(checked, known);
      if (isAgain) {
        const course = withoutProof(plan, intoNextPart(plan, afterRepeat(plan, position, page, result.hash)));
        ({ position, end } = course);
        warnings = addWarnings(warnings, course.warnings ?? []);
        if (end || course.jumps) break;
        reader.checksDocuments = optionsAt({});
        continue;
      }
      sorted.push(result);
      lastPatch = { ...(lastPatch.dateOrder ? { dateOrder: lastPatch.dateOrder } : {}), ...page.patch };
      files = page.files ?? files;
      itemMemory = page.itemMemory ?? itemMemory;
      if (page.warning !== undefined) notes.push(page.warning);
      fields.take(page, checked, pageNumber(plan, position, page));
      // Like a file, a large body may hold all versions of a record.
      const shared = page.stretch
        ? noDuplicates
        : ids.take(checked, (record) => isNewTo(known, record), {
            number: pageNumber(plan, position, page),
            fetchedAt: page.fetchedAt,
            isPart: page.counts === false,
          });
      for (const letter of shared.deadLetters) duplicates.push(letter);
      const ofRecords = [...checked.warnings, ...shared.warnings, ...olderThanAsked(checked)];
      warnings = addWarnings(warnings, [...(page.warnings ?? []), ...ofRecords]);
      const from = position.place;
      const after = advance(plan, position, page, checked, result);
      const proved = isRepeated && sorted.length === 1 ? withMissedScroll(plan, from, page.next, after) : after;
      const advanced = { ...proved, ...ids.carried, ...fields.carried };
      const news = {
        isNew: known === null ? null : result.accepted.length > 0 || hasNewFiltered(known, checked),
        isBehind: isBehind(plan, from, result),
      };
      const course = withoutProof(plan, intoNextPart(plan, afterPage(plan, from, advanced, page, news)));
      ({ position, end } = course);
      warnings = addWarnings(warnings, course.warnings ?? []);
      reader.checksDocuments = optionsAt({});
      if (!end && sequel.endsOverlap) position = withoutOverlap(position);
      if (course.jumps || sequel.endsOverlap) break;
      // What was read is stored first; the next fetch says what is wrong.
      if (isEndless(position)) break;
      size = { records: size.records + result.fetched, bytes: size.bytes + bytesOf(result) };
      if (end || size.records >= limits.maxRecords || size.bytes >= limits.maxBytes) break;
      if (performance.now() - startedAt >= limits.maxMs) break;
    }
  } catch (error) {
    if (sorted.length === 0) {
      if (!input.front || !isSavedPositionGone(plan, start.place, error, input.lastAttempt === true)) throw error;
      position = input.front;
      warnings = [savedPositionDropped(error)];
    }
  }
  if (warnings.some(({ code }) => code === 'cursor_unreadable')) position = { ...position, unreadableCursor: true };
  warnings = addWarnings(warnings, fields.warnings(end !== null));
  const accepted = sorted.flatMap((page) => page.accepted);
  const filtered = sum(sorted, (page) => page.shaped?.filtered.length ?? 0);
  const deadLetters = sorted.flatMap((page) => page.deadLetters);
  return {
    counts: {
      fetched: sum(sorted, (page) => page.fetched),
      accepted: accepted.length,
      rejected: deadLetters.length,
      unchanged: sum(sorted, (page) => page.unchanged),
      ...(filtered > 0 ? { filtered } : {}),
      repaired: accepted.filter((record) => record.repaired).length,
      pages: Math.max(0, position.pages - start.pages),
    },
    accepted,
    deadLetters,
    duplicates,
    digests: sorted.flatMap((page) => page.digests),
    lastPatch,
    position,
    end,
    files,
    itemMemory,
    notes,
    warnings,
  };
}

async function checkItems(
  page: Page,
  known: ReadonlySet<string> | null,
  reader: SourceReader,
  options: CheckOptions,
  fields: EmptyFields,
): Promise<CheckedWithDays> {
  const items = await completeItems(page.items, known);
  fields.takeItems(items);
  const checked = await reader.check({ items, fetchedAt: page.fetchedAt }, options);
  const own = items.flatMap((item) => ('warnings' in item ? (item.warnings ?? []) : []));
  return own.length === 0 ? checked : { ...checked, warnings: addWarnings(checked.warnings, own) };
}

/**
 * Whether nothing on a page is new, and its newest record is older than what the poll asks for. A window asks for all; the
 * following pages are older only if the newest records come first.
 */
function isBehind(plan: SourcePlan, place: FetchPosition['place'], { accepted, furthest }: ClassifiedPage): boolean {
  if (plan.type === 'file' || plan.type === 'module' || plan.incremental?.order !== 'desc') return false;
  if (place.type !== 'http' || place.until !== undefined || accepted.length > 0 || furthest === null) return false;
  const since = readTime(place.since);
  return since !== null && furthest < since;
}

/** The time from which records are wanted, if the source has no such parameter. */
function oldestWanted(plan: SourcePlan, { place }: FetchPosition): Micros | null {
  if (plan.type === 'file' || plan.type === 'module' || place.type !== 'http') return null;
  return !plan.incremental || asksSince(plan.incremental) ? null : readTime(place.since);
}

/** A file is one page, however many stretches it is read in; so is a page that is handed out in parts. */
function pageNumber(plan: SourcePlan, position: FetchPosition, page: Pick<Page, 'counts'>): number {
  return plan.type === 'file' ? 1 : position.pages + (page.counts === false ? 0 : 1);
}

function advance(
  plan: SourcePlan,
  position: FetchPosition,
  page: Page,
  checked: CheckedWithDays,
  { furthest, hash }: ClassifiedPage,
): FetchPosition {
  const bound = microsOfDate(new Date(position.startedAt));
  const reached = furthest === null ? null : formatMicros(furthest < bound ? furthest : bound);
  const answered = page.end?.notModified || page.end?.notBefore ? position.pages : pageNumber(plan, position, page);
  const place = page.next ?? position.place;
  const idsOf = () => (areIdsKnown(checked) ? idsInOrder(checked) : []);
  return {
    ...position,
    pages: answered,
    days: checked.days,
    watermark: latest(position.watermark, reached),
    place:
      place.type === 'file'
        ? place
        : remember(place, position, hash, page.counts === false, page.counts === false ? null : idsOf()),
  };
}

function bytesOf(page: ClassifiedPage): number {
  return (
    sum(page.accepted, (record) => Buffer.byteLength(record.payload)) +
    sum(page.deadLetters, (letter) => letter.recordText.length)
  );
}

function sum<T>(items: readonly T[], amount: (item: T) => number): number {
  return items.reduce((total, item) => total + amount(item), 0);
}
