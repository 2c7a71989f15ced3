import { createHash, hash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { NewDeadLetter } from '../domain/dead-letter.ts';
import type { AcceptedRecord } from '../domain/record.ts';
import { formatMicros, type Micros } from '../domain/time.ts';
import { rawText, type Extraction, type Extractor, type RawRecord } from './extraction/extract-record.ts';
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
  /** Stands for all that the page holds; null for an empty one, and for stretches of files. */
  readonly hash: string | null;
}

export interface Sorter {
  readonly extract: Extractor;
  /** Digests of the previous poll; null = the ledger alone decides, no digests are made. */
  readonly known: ReadonlySet<string> | null;
  /** Whether pages are to be told from each other: a file has none that come again. */
  readonly hashPages: boolean;
  /** The time that the watermark follows; null = this record does not move it. */
  readonly cursorTime: (item: PageItem, record: AcceptedRecord) => Micros | null;
  /** Records from before it were taken by earlier polls, of a source that cannot be asked since when. */
  readonly since: Micros | null;
}

/** Records between two breaths of the event loop: a page of 64 MB must not hold up heartbeats. */
const recordsAtOnce = 2_000;

/** @param number the page's number in its run, from 1 */
export async function sortPage(page: Page, number: number, sorter: Sorter): Promise<SortedPage> {
  const sorting = new Sorting(page, number, sorter);
  for (const [position, item] of page.items.entries()) {
    if (position % recordsAtOnce === recordsAtOnce - 1) await setImmediate();
    const completing = sorting.take(item);
    if (completing) await completing;
  }
  return sorting.result();
}

/** The sorting of one page. */
class Sorting {
  readonly #page: Page;
  readonly #number: number;
  readonly #sorter: Sorter;
  readonly #accepted: AcceptedRecord[] = [];
  readonly #deadLetters: NewDeadLetter[] = [];
  readonly #digests: string[] = [];
  #unchanged = 0;
  #furthest: Micros | null = null;

  constructor(page: Page, number: number, sorter: Sorter) {
    this.#page = page;
    this.#number = number;
    this.#sorter = sorter;
  }

  /** @returns a promise only where the item has to be completed: most have not, and there are many */
  take(item: PageItem): Promise<void> | null {
    if ('raw' in item && item.complete) return this.#complete(item.raw, item.complete);
    this.#sort(item, null);
    return null;
  }

  async #complete(raw: RawRecord, complete: () => Promise<PageItem>): Promise<void> {
    // An item that was so in the previous poll is not asked for its own page again.
    const digest = sha256(`item\n${rawText(raw)}`).slice(0, 22);
    if (this.#sorter.known?.has(digest)) {
      this.#digests.push(digest);
      this.#unchanged++;
    } else this.#sort(await complete(), digest);
  }

  /** @param digest stands for the item, where its record does not */
  #sort(item: PageItem, digest: string | null): void {
    const { extract, known, cursorTime, since } = this.#sorter;
    const extraction = 'raw' in item ? extract(item.raw, this.#page.fetchedAt) : { ok: false as const, ...item };
    if (!extraction.ok) {
      this.#deadLetters.push(deadLetter(this.#page, this.#number, item, extraction));
      return;
    }
    const { record } = extraction;
    const mark = known && (digest ?? digestOf(record));
    if (mark !== null) this.#digests.push(mark);
    const time = cursorTime(item, record);
    if (time !== null && (this.#furthest === null || time > this.#furthest)) this.#furthest = time;
    const isOld = since !== null && time !== null && time < since;
    if (isOld || (mark !== null && known?.has(mark))) this.#unchanged++;
    else this.#accepted.push(time === record.occurredAt ? record : { ...record, cursorTime: time });
  }

  result(): SortedPage {
    const isHashed = this.#sorter.hashPages && this.#page.items.length > 0;
    return {
      fetched: this.#page.items.length,
      accepted: this.#accepted,
      unchanged: this.#unchanged,
      deadLetters: this.#deadLetters,
      digests: this.#digests,
      furthest: this.#furthest,
      hash: isHashed ? this.#hash() : null,
    };
  }

  #hash(): string {
    const digest = createHash('sha256');
    // Where no digests are made, the records stand for themselves.
    const parts = this.#sorter.known ? this.#digests : this.#accepted.map(digestOf);
    for (const part of parts) digest.update(part);
    for (const letter of this.#deadLetters) digest.update(letter.recordText);
    return digest.digest('base64url').slice(0, 22);
  }
}

/** Stands for a record's key and content; its time counts only where it came from the record. */
function digestOf({ sourceId, payload, occurredAt, timeFromRecord }: AcceptedRecord): string {
  return sha256(`${sourceId}\n${timeFromRecord ? formatMicros(occurredAt) : ''}\n${payload}`).slice(0, 22);
}

function deadLetter(page: Page, number: number, item: PageItem, { rejection, sourceId }: Refused): NewDeadLetter {
  const recordText = 'raw' in item ? rawText(item.raw) : item.recordText;
  return {
    ...{ ...rejection, at: page.fetchedAt.toISOString(), page: number, index: item.index, recordText },
    ...(sourceId === undefined ? {} : { sourceId }),
  };
}

type Refused = Pick<Extract<Extraction, { ok: false }>, 'rejection' | 'sourceId'>;

function sha256(text: string): string {
  return hash('sha256', text, 'base64url');
}
