import { createHash } from 'node:crypto';
import { countBadBytes, countOtherCharacters } from '../../domain/text/bad-bytes.ts';
import type { NewDeadLetter } from '../../domain/dead-letters/dead-letter.ts';
import type { AcceptedRecord } from '../../domain/run/record.ts';
import type { Rejection } from '../../domain/dead-letters/rejection.ts';
import type { Micros } from '../../domain/time/timestamp.ts';
import type { ParsedJson } from '../../formats/exact-json.ts';
import { addWarnings, type Warning } from '../../domain/run/warning.ts';
import { ambiguousDate } from '../feeds/date-order.ts';
import { noTrace, type Trace } from '../compute/trace.ts';
import {
  outline,
  rawText,
  unwritable,
  type Extraction,
  type Extractor,
  type RawRecord,
  type RecordWarning,
} from './extract-record.ts';
import { addParent, parentReplaced } from './add-parent.ts';
import type { KnownItem, PageItem, RecordItem } from './page.ts';
import { itemReader, type ReadItem } from './read-records.ts';
import { badBytesWarning } from '../text/bad-bytes-warning.ts';
import {
  everything,
  type CheckedPage,
  type ClassifiedPage,
  type Selection,
  type ShapedPage,
  type ValidRecord,
} from './checked-page.ts';
import { textMark, digestOf } from './record-marks.ts';
import { ShapedItems, type Refused, type ShapedChecks } from './shaping/take-shaped.ts';

/** How the items of a page are checked. */
export interface PageToCheck {
  readonly items: readonly (PageItem | KnownItem)[];
  readonly fetchedAt: Date;
  /** Its number in the run, from 1. */
  readonly number: number;
}

export interface PageChecks {
  readonly extract: Extractor;
  /** Whether digests are made; else the ledger alone decides. */
  readonly makesDigests: boolean;
  /** Whether repeated pages are detected: a file has none. */
  readonly hashPages: boolean;
  /** The time that the watermark follows; null = this record does not move it. */
  readonly cursorTime: (item: RecordItem, record: AcceptedRecord) => Micros | null;
  /** Older records were read by earlier polls, if the source has no start parameter. */
  readonly since: Micros | null;
  /** Of the source's configuration, for the first page of a run. */
  readonly warnings?: readonly Warning[];
  /** What it means that no record of the first page has a cursor time; null = nothing. */
  readonly cursorWarning?: string | null;
  /** What each record gets as `parent`. @default nothing */
  readonly parent?: ParsedJson;
  /** How its records are shaped. @default they are stored as they arrive */
  readonly shaping?: ShapedChecks | null;
  /** Whether messages may show what the source sent. @default true */
  readonly quotes?: boolean;
}

/** Why an item is refused without another check; null = it is checked. @param text that of its dead letter */
export function refusalOf(
  { refused, refusedTexts }: Selection,
  position: number,
  text: () => string,
): Rejection | null {
  const known = refused.get(position);
  if (known) return known;
  return refusedTexts.size === 0 ? null : (refusedTexts.get(textMark(text())) ?? null);
}

/** Reads and checks the records of a page. */
export function checkPage(
  page: PageToCheck,
  checks: PageChecks,
  selection: Selection = everything,
  trace: Trace = noTrace,
): CheckedPage {
  const checking = new Checking(page, checks);
  const read = itemReader(page.items, checks.quotes);
  for (const position of page.items.keys()) {
    if (selection.only !== null && selection.only !== position) continue;
    trace.record(position);
    trace.step('record');
    const item = checking.withParent(read(position));
    if (!item) continue;
    const refusal = 'raw' in item ? refusalOf(selection, position, () => rawText(item.raw)) : null;
    if (refusal && 'raw' in item) {
      const recordText = selection.unwritable.has(position) ? outline(item.raw) : rawText(item.raw);
      checking.take({ index: item.index, rejection: refusal, recordText });
    } else checking.take(item);
  }
  trace.record(null);
  return checking.result();
}

/** Separates records of the previous poll from new ones. @param known its digests; null = the ledger alone decides */
export function classifyPage(page: CheckedPage, known: ReadonlySet<string> | null): ClassifiedPage {
  const { valid, ...rest } = page;
  const accepted = valid.filter((record) => isNewTo(known, record)).map(({ record }) => record);
  const unchanged = page.fetched - accepted.length - page.deadLetters.length - (page.shaped?.filtered.length ?? 0);
  return { ...rest, accepted, unchanged };
}

/** Whether a record is neither too old nor known from the previous poll. */
export function isNewTo(known: ReadonlySet<string> | null, { mark, isOld }: ValidRecord): boolean {
  return !isOld && (mark === null || known?.has(mark) !== true);
}

/** Whether `filter` left out a record that the previous poll did not have. */
export function hasNewFiltered(known: ReadonlySet<string>, { shaped }: CheckedPage): boolean {
  return shaped?.filtered.some(({ mark }) => mark === null || !known.has(mark)) === true;
}

/** The checking of one page. */
class Checking {
  readonly #page: PageToCheck;
  readonly #checks: PageChecks;
  readonly #valid: ValidRecord[] = [];
  readonly #deadLetters: NewDeadLetter[] = [];
  readonly #digests: string[] = [];
  #warnings: readonly Warning[] = [];
  #furthest: Micros | null = null;
  #fetched = 0;
  readonly #shaped: ShapedItems | null;

  constructor(page: PageToCheck, checks: PageChecks) {
    this.#page = page;
    this.#checks = checks;
    const { extract } = checks;
    this.#shaped = checks.shaping
      ? new ShapedItems(checks.shaping, {
          ...checks,
          fetchedAt: page.fetchedAt,
          extract: (raw) => this.#extract(extract, raw),
          markOf: textMark,
          textOf: rawText,
        })
      : null;
  }

  /** Adds what is copied from the parent: a dead letter has it too, for its replay. */
  withParent(item: ReadItem | KnownItem | null): ReadItem | KnownItem | null {
    const { parent } = this.#checks;
    if (!parent || !item || !('raw' in item)) return item;
    const { raw, isReplaced } = addParent(item.raw, parent);
    if (isReplaced) this.#warnings = addWarnings(this.#warnings, [{ ...parentReplaced, count: 1 }]);
    return { ...item, raw };
  }

  take(item: ReadItem | KnownItem): void {
    if (this.#shaped) return this.#takeShaped(this.#shaped, item);
    this.#fetched++;
    if ('known' in item) {
      this.#digests.push(item.known);
      return;
    }
    if (!('raw' in item)) return this.#refuse(item, item);
    const extraction = this.#extract(this.#checks.extract, item.raw);
    if (!extraction.ok) return this.#refuse(item, { ...extraction, recordText: rawText(item.raw) });
    this.#accept(item, extraction, item.mark ?? null);
    this.#warn(item.warning);
  }

  #takeShaped(shaped: ShapedItems, item: ReadItem | KnownItem): void {
    const taken =
      'known' in item ? shaped.takeKnown(item) : 'raw' in item ? shaped.take(item) : shaped.takeRefused(item);
    this.#fetched += taken.fetched;
    for (const refused of taken.refused) this.#refuse(item, refused);
    for (const digest of taken.digests) this.#digests.push(digest);
    for (const time of taken.times) this.#reach(time);
    if (!('raw' in item)) return;
    for (const { extraction, mark } of taken.valid) this.#accept(item, extraction, mark);
    if (taken.valid.length > 0) this.#warn(item.warning);
  }

  /** @param ownMark replaces the digest of the record */
  #accept(item: RecordItem, { record, warning }: Extract<Extraction, { ok: true }>, ownMark: string | null): void {
    const { makesDigests, cursorTime, since } = this.#checks;
    this.#warn(warning);
    const mark = makesDigests ? (ownMark ?? digestOf(record)) : null;
    if (mark !== null) this.#digests.push(mark);
    const time = cursorTime(item, record);
    if (time !== null) this.#reach(time);
    const isOld = since !== null && time !== null && time < since;
    const taken = time === record.occurredAt ? record : { ...record, cursorTime: time };
    this.#valid.push({ index: item.index, record: taken, mark, isOld });
  }

  #reach(time: Micros): void {
    if (this.#furthest === null || time > this.#furthest) this.#furthest = time;
  }

  result(): CheckedPage {
    const isHashed = this.#checks.hashPages && this.#page.items.length > 0;
    const shaped = this.#shaped?.page(this.#page.items.length);
    return {
      fetched: this.#fetched,
      valid: this.#valid,
      deadLetters: this.#deadLetters,
      digests: this.#digests,
      furthest: this.#furthest,
      hash: isHashed ? this.#hash(shaped?.sent ?? null) : null,
      warnings: addWarnings(this.#pageWarnings(), [
        ...badLinesOf(this.#page.items),
        ...(this.#shaped?.warnings() ?? []),
      ]),
      ...(shaped ? { shaped } : {}),
    };
  }

  #pageWarnings(): readonly Warning[] {
    return this.#page.number === 1 ? addWarnings(this.#firstPageWarnings(), this.#warnings) : this.#warnings;
  }

  #firstPageWarnings(): readonly Warning[] {
    const { warnings = [], cursorWarning: message = null } = this.#checks;
    if (message === null || this.#furthest !== null || this.#valid.length === 0) return warnings;
    return [...warnings, { code: 'cursor_unreadable', message, count: this.#valid.length }];
  }

  #extract(extract: Extractor, raw: RawRecord): Extraction {
    try {
      return extract(raw, this.#page.fetchedAt);
    } catch (error) {
      return { ok: false, rejection: unwritable(error) };
    }
  }

  #warn(code: RecordWarning | undefined): void {
    if (code) this.#warnings = addWarnings(this.#warnings, [{ code, message: recordWarnings[code], count: 1 }]);
  }

  #refuse({ index }: Pick<ReadItem, 'index'>, { rejection, sourceId, ...refused }: Refused): void {
    const { recordText, shaped, exploded, size, sha256: sum } = refused;
    this.#deadLetters.push({
      ...rejection,
      message: rejection.message.toWellFormed(),
      at: this.#page.fetchedAt.toISOString(),
      page: this.#page.number,
      index,
      recordText,
      ...(sourceId === undefined ? {} : { sourceId }),
      ...(shaped === undefined ? {} : { shaped }),
      ...(exploded === undefined ? {} : { exploded }),
      ...(size === undefined || sum === undefined ? {} : { size, sha256: sum }),
    });
  }

  /** @param sent marks of shaped records: those of others may be the same on every page */
  #hash(sent: ShapedPage['sent'] | null): string {
    const digest = createHash('sha256');
    if (sent) {
      for (const [, mark] of sent) digest.update(mark);
      return digest.digest('base64url').slice(0, 22);
    }
    // Where no digests are made, the records stand for themselves.
    const taken = this.#valid.filter(({ isOld }) => !isOld);
    const parts = this.#checks.makesDigests ? this.#digests : taken.map(({ record }) => digestOf(record));
    for (const part of parts) digest.update(part);
    for (const letter of this.#deadLetters) digest.update(letter.recordText);
    return digest.digest('base64url').slice(0, 22);
  }
}

/** Lines and rows of files are decoded one by one: what is wrong with them is known only here. */
function badLinesOf(items: PageToCheck['items']): Warning[] {
  const texts = items.map((item) => ('line' in item ? item.line : 'row' in item ? item.row : ''));
  const bad = texts.filter((text) => countBadBytes(text) > 0).join('\n');
  const count = countBadBytes(bad);
  if (count === 0) return [];
  return [badBytesWarning(count, null, count > countOtherCharacters(bad) ? 'windows-1252' : null)];
}

const recordWarnings: Readonly<Record<RecordWarning, string>> = {
  time_fallback: 'the time of an item cannot be read: `updated` is used instead, or the time of the fetch',
  ambiguous_date: ambiguousDate,
};
