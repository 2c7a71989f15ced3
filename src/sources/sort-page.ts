import { hash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { NewDeadLetter } from '../domain/dead-letter.ts';
import type { AcceptedRecord } from '../domain/record.ts';
import type { Rejection } from '../domain/rejection.ts';
import { formatMicros, type Micros } from '../domain/time.ts';
import { rawText, type Extractor } from './extraction/extract-record.ts';
import type { Page, PageItem } from './page.ts';

/** The records of a page, sorted by what becomes of them. */
export interface SortedPage {
  readonly fetched: number;
  readonly accepted: readonly AcceptedRecord[];
  readonly unchanged: number;
  readonly deadLetters: readonly NewDeadLetter[];
  /** A digest for each valid record, accepted or unchanged. */
  readonly digests: readonly string[];
  /** The furthest time of a valid record, by the cursor of the source. */
  readonly furthest: Micros | null;
  /** Stands for all that the page holds; null for an empty one, or where no digests are made. */
  readonly hash: string | null;
}

export interface Sorter {
  readonly extract: Extractor;
  /** Digests of the previous poll; null = the ledger alone decides, no digests are made. */
  readonly known: ReadonlySet<string> | null;
  /** The time that the watermark follows; null = this record does not move it. */
  readonly cursorTime: (item: PageItem, record: AcceptedRecord) => Micros | null;
}

/** Records between two breaths of the event loop: a page of 64 MB must not hold up heartbeats. */
const recordsAtOnce = 2_000;

/** @param number the page's number in its run, from 1 */
export async function sortPage(page: Page, number: number, sorter: Sorter): Promise<SortedPage> {
  const accepted: AcceptedRecord[] = [];
  const deadLetters: NewDeadLetter[] = [];
  const digests: string[] = [];
  let unchanged = 0;
  let furthest: Micros | null = null;
  for (const [position, item] of page.items.entries()) {
    if (position % recordsAtOnce === recordsAtOnce - 1) await setImmediate();
    const extraction = 'raw' in item ? sorter.extract(item.raw, page.fetchedAt) : { ok: false as const, ...item };
    if (!extraction.ok) {
      deadLetters.push(deadLetter(page, number, item, extraction.rejection));
      continue;
    }
    const { record } = extraction;
    const digest = sorter.known && digestOf(record);
    if (digest !== null) digests.push(digest);
    const time = sorter.cursorTime(item, record);
    if (time !== null && (furthest === null || time > furthest)) furthest = time;
    if (digest !== null && sorter.known?.has(digest)) unchanged++;
    else accepted.push(record);
  }
  return {
    fetched: page.items.length,
    accepted,
    unchanged,
    deadLetters,
    digests,
    furthest,
    hash: sorter.known && page.items.length > 0 ? hashOf(digests, deadLetters) : null,
  };
}

/** Stands for a record's key and content; its time counts only where it came from the record. */
function digestOf({ sourceId, payload, occurredAt, timeFromRecord }: AcceptedRecord): string {
  return sha256(`${sourceId}\n${timeFromRecord ? formatMicros(occurredAt) : ''}\n${payload}`).slice(0, 22);
}

function hashOf(digests: readonly string[], deadLetters: readonly NewDeadLetter[]): string {
  return sha256([...digests, ...deadLetters.map((letter) => letter.recordText)].join()).slice(0, 22);
}

function deadLetter(page: Page, number: number, item: PageItem, { reason, message }: Rejection): NewDeadLetter {
  const recordText = 'raw' in item ? rawText(item.raw) : item.recordText;
  return { reason, message, at: page.fetchedAt.toISOString(), page: number, index: item.index, recordText };
}

function sha256(text: string): string {
  return hash('sha256', text, 'base64url');
}
