import type { NewDeadLetter } from '../../domain/dead-letters/dead-letter.ts';
import type { AcceptedRecord } from '../../domain/run/record.ts';
import type { Rejection } from '../../domain/dead-letters/rejection.ts';
import type { Micros } from '../../domain/time/timestamp.ts';
import type { Warning } from '../../domain/run/warning.ts';
import type { FieldTally } from '../../domain/run/field-tally.ts';
import type { DayRanges } from '../../domain/time/day-set.ts';

/** The records of a page, sorted by outcome. */
export interface ClassifiedPage {
  readonly fetched: number;
  readonly accepted: readonly AcceptedRecord[];
  readonly unchanged: number;
  readonly deadLetters: readonly NewDeadLetter[];
  /** A digest for each valid record, accepted or unchanged. */
  readonly digests: readonly string[];
  /** The furthest time of a valid record, by the cursor of the source. */
  readonly furthest: Micros | null;
  /** A hash of the whole page; null for an empty one, and for parts of files. */
  readonly hash: string | null;
  /** Of its records. */
  readonly warnings: readonly Warning[];
  /** Set where records are shaped. */
  readonly shaped?: ShapedPage;
}

/** What shaping a page brought, besides its records. */
export interface ShapedPage {
  /** Records that the source sent. */
  readonly received: number;
  readonly filtered: readonly FilteredRecord[];
  /** Marks of the records as the source sent them, by which pages are told apart; none of parts of files. */
  readonly sent: readonly (readonly [index: number, mark: string])[];
  /** Fields that are to be masked. */
  readonly masks: FieldTally;
}

/** A record that `filter` left out. */
export interface FilteredRecord {
  readonly index: number;
  /** See `ValidRecord`. */
  readonly mark: string | null;
  /** Its id, where pages are told apart and it has one. */
  readonly id: string | null;
}

/** The records of a page, before they are compared with the previous poll. */
export interface CheckedPage extends Omit<ClassifiedPage, 'accepted' | 'unchanged'> {
  readonly valid: readonly ValidRecord[];
}

export interface ValidRecord {
  readonly index: number;
  readonly record: AcceptedRecord;
  /** Stands for its key and content; null = no digests are made. */
  readonly mark: string | null;
  /** It is from before the time that is asked for. */
  readonly isOld: boolean;
}

/** Which items are looked at, by position in the page. */
export interface Selection {
  /** Null = all. */
  readonly only: number | null;
  /** Items that are refused without another check. */
  readonly refused: ReadonlyMap<number, Rejection>;
  /** Those of them that take too much to be written as text: they are outlined. */
  readonly unwritable: ReadonlySet<number>;
  /** The same by the mark of their text (see `textMark`), wherever they are. */
  readonly refusedTexts: ReadonlyMap<string, Rejection>;
}

export const everything: Selection = {
  only: null,
  refused: new Map(),
  unwritable: new Set(),
  refusedTexts: new Map(),
};

/** A checked page, and the days that the run has met by now. */
export type CheckedWithDays = CheckedPage & { readonly days: DayRanges };
