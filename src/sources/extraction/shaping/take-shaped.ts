import type { KeptRecord } from '../../../domain/dead-letters/dead-letter.ts';
import type { Warning } from '../../../domain/run/warning.ts';
import type { Micros } from '../../../domain/time/timestamp.ts';
import type { FilteredRecord, ShapedPage } from '../checked-page.ts';
import type { Extraction, RawRecord } from '../extract-record.ts';
import { marksOfItem, marksOfKnown } from '../item-marks.ts';
import { keptShaped, keptUnshaped, withheld } from './kept-record.ts';
import type { KnownItem, RecordItem, RefusedItem } from '../page.ts';
import type { Peek } from '../peek.ts';
import type { ShapedRecord, Shaper } from './shape-record.ts';

/** How the records of a shaped source are looked at. */
export interface ShapedChecks {
  readonly shaper: Shaper;
  readonly peek: Peek;
  /** The time of the incremental cursor; null = the source has none. */
  readonly cursor: ((item: RecordItem) => Micros | null) | null;
}

/** What an item brought. */
export interface TakenItem {
  readonly fetched: number;
  readonly valid: readonly TakenRecord[];
  readonly refused: readonly Refused[];
  /** Times that the watermark follows. */
  readonly times: readonly Micros[];
  readonly digests: readonly string[];
}

/** A record that could be extracted; its mark replaces its digest, where it has one. */
export interface TakenRecord {
  readonly extraction: Extract<Extraction, { ok: true }>;
  readonly mark: string | null;
}

export type Refused = KeptRecord & Pick<Extract<Extraction, { ok: false }>, 'rejection' | 'sourceId'>;

/** What the checks of a page lend. */
export interface ItemTools {
  readonly fetchedAt: Date;
  readonly makesDigests: boolean;
  readonly hashPages: boolean;
  readonly extract: (raw: RawRecord) => Extraction;
  /** Stands for a text. */
  readonly markOf: (text: string) => string;
  /** Text of a raw record for a dead letter. */
  readonly textOf: (raw: RawRecord) => string;
}

/** Shapes and extracts the records of a page, and notes what it left out. */
export class ShapedItems {
  readonly #shaper: Shaper;
  readonly #peek: Peek;
  readonly #cursor: ShapedChecks['cursor'];
  readonly #tools: ItemTools;
  readonly #filtered: FilteredRecord[] = [];
  readonly #sent: [index: number, mark: string][] = [];

  constructor({ shaper, peek, cursor }: ShapedChecks, tools: ItemTools) {
    this.#shaper = shaper;
    this.#peek = peek;
    this.#cursor = cursor;
    this.#tools = tools;
  }

  /** @param received items of the page */
  page(received: number): ShapedPage {
    return { received, filtered: this.#filtered, sent: this.#sent, masks: this.#shaper.takeTally() };
  }

  warnings(): readonly Warning[] {
    const fields = this.#shaper.takeConflicts();
    if (fields.length === 0) return [];
    const named = fields.slice(0, 5).join(', ');
    const message = `explode.keep names ${named}, which the elements have themselves: theirs are stored; give the others another name, such as keep: { parent_${fields[0] ?? ''}: ${fields[0] ?? ''} }`;
    return [{ code: 'kept_field_hidden', message, count: 1 }];
  }

  takeKnown(item: KnownItem): TakenItem {
    const { valid, filtered, others } = marksOfKnown(item);
    this.#note(item.index, item.known);
    for (const mark of filtered) this.#filtered.push({ index: item.index, mark, id: null });
    const digests = [...valid, ...filtered, ...others];
    return { fetched: valid.length + filtered.length, valid: [], refused: [], times: [], digests };
  }

  takeRefused({ index, rejection, recordText }: RefusedItem): TakenItem {
    if (this.#tools.hashPages) this.#note(index, this.#tools.markOf(recordText));
    const refused = { rejection, ...(this.#shaper.masks ? withheld(recordText) : { recordText }) };
    return { fetched: 1, valid: [], refused: [refused], times: [], digests: [] };
  }

  take(item: RecordItem): TakenItem {
    const { hashPages, makesDigests, markOf, textOf } = this.#tools;
    if (hashPages) this.#note(item.index, item.mark ?? markOf(textOf(item.raw)));
    const records = this.#shaper.shape(item.raw);
    const valid: TakenRecord['extraction'][] = [];
    const refused: Refused[] = [];
    const left: Extract<ShapedRecord, { kind: 'filtered' }>[] = [];
    for (const record of records) {
      if (record.kind === 'filtered') left.push(record);
      else if (record.kind === 'refused') refused.push(this.#unshaped(record));
      else {
        const extraction = this.#tools.extract(record.raw);
        if (extraction.ok) valid.push(extraction);
        else refused.push(this.#unfit(record, extraction));
      }
    }
    // One that has a dead letter is fetched again.
    const ownMark = refused.length === 0 ? item.mark : undefined;
    const marks = makesDigests && ownMark !== undefined ? marksOfItem(ownMark, valid.length, left.length) : null;
    const filtered = left.map(({ before }, number) => this.#left(item, before, marks?.filtered[number]));
    const cursor = left.length > 0 ? this.#cursor?.(item) : null;
    return {
      fetched: records.length,
      valid: valid.map((extraction, number) => ({ extraction, mark: marks?.valid[number] ?? null })),
      refused,
      times: [...filtered.flatMap(({ time }) => time ?? []), ...(typeof cursor === 'bigint' ? [cursor] : [])],
      digests: [...filtered.flatMap(({ mark }) => mark ?? []), ...(marks?.others ?? [])],
    };
  }

  #note(index: number, mark: string): void {
    if (this.#tools.hashPages) this.#sent.push([index, mark]);
  }

  #unshaped({ rejection, before, isElement }: Extract<ShapedRecord, { kind: 'refused' }>): Refused {
    return { rejection, ...keptUnshaped(before, this.#shaper.masks, isElement) };
  }

  #unfit(record: Extract<ShapedRecord, { kind: 'kept' }>, extraction: Extract<Extraction, { ok: false }>): Refused {
    const { masks, explodes } = this.#shaper;
    const { rejection, sourceId } = extraction;
    return {
      rejection,
      ...(sourceId === undefined || masks ? {} : { sourceId }),
      ...keptShaped(record, masks, explodes),
    };
  }

  /** Notes a record that was left out. */
  #left(item: RecordItem, before: RawRecord, itemMark: string | undefined) {
    const { makesDigests, hashPages, markOf, textOf, fetchedAt } = this.#tools;
    const needsTime = this.#cursor === null;
    const stored = hashPages || needsTime ? this.#shaper.asStored(before) : null;
    const own = makesDigests ? (itemMark ?? markOf(`filtered\n${textOf(before)}`)) : null;
    this.#filtered.push({
      index: item.index,
      mark: own,
      id: hashPages && stored ? this.#peek.id(stored) : null,
    });
    return { mark: own, time: needsTime && stored ? this.#peek.time(stored, fetchedAt) : null };
  }
}
