import type { FieldTally } from '../../domain/run/field-tally.ts';
import type { HttpPosition, PagePosition, PollEnd, StatePatch } from '../../domain/state/fetch-position.ts';
import type { FilesProgress } from '../../domain/state/file-progress.ts';
import type { Rejection } from '../../domain/dead-letters/rejection.ts';
import type { Warning } from '../../domain/run/warning.ts';
import type { CheckedWithDays } from './checked-page.ts';

import type { RawRecord, RecordWarning } from './extract-record.ts';
import type { CsvMarks } from '../files/csv/csv-quotes.ts';

/** A record of a page, read or still to be read, or what was found instead and could not be read. */
export type PageItem = (RecordItem | LineItem | RowItem | RefusedItem) & {
  /** Of the item's own page, where it has one. */
  readonly warnings?: readonly Warning[];
  readonly fields?: FieldTally;
};

export interface RecordItem {
  readonly index: number;
  readonly raw: RawRecord;
  /** What its user should know about it. */
  readonly warning?: RecordWarning;
  /** Stands for the record as its page has it, where a page of its own adds to it. */
  readonly mark?: string;
  /** Fetches what a page of the item's own adds; called only for an item that was not so in the previous poll. */
  readonly complete?: () => Promise<PageItem>;
}

/** A line of a file that is JSON, or should be. */
export interface LineItem {
  readonly index: number;
  readonly line: string;
  /** The file that contains it, for messages. */
  readonly path: string;
}

/** A row of a CSV file. */
export interface RowItem {
  readonly index: number;
  readonly row: string;
  readonly table: CsvTable;
}

export interface RefusedItem {
  readonly index: number;
  readonly rejection: Rejection;
  readonly recordText: string;
}

/** Replaces an item of the previous poll that is not completed again. */
export interface KnownItem {
  readonly index: number;
  /** Its mark. */
  readonly known: string;
  /** How many records it was then, where that was not one. */
  readonly records?: number;
  /** How many others `filter` left out. */
  readonly filtered?: number;
}

/** How the rows of a CSV file are read. */
export interface CsvTable {
  readonly path: string;
  readonly marks: CsvMarks;
  /** Null if the columns have no names. */
  readonly columns: readonly string[] | null;
}

/** One response of a source or a part of one, or a stretch of a file. */
export interface Page {
  readonly items: readonly PageItem[];
  /** Its records, where they were checked as it was read; then there are no items. */
  readonly checked?: CheckedWithDays;
  readonly fetchedAt: Date;
  /** Where the next page is; null if this was the last one. */
  readonly next: PagePosition | null;
  /** What the state learns from this page, where the poll ends with it. */
  readonly patch: StatePatch;
  readonly end?: Partial<PollEnd>;
  /** False for a further part of a page that was counted already. @default true */
  readonly counts?: boolean;
  /** It is a stretch of a body that is too large for one page: what stands for the body, null in its further stretches. */
  readonly stretch?: { readonly hash: string | null };
  /** The body that the poll was reading is gone or another one: the poll begins again. The reason, for a warning. */
  readonly restarts?: string;
  /** It is read once more, because records may have moved to it. */
  readonly readAgain?: true;
  /** Where its records come again, with others that may have been missed; it is not taken itself. */
  readonly stepsBack?: HttpPosition;
  /** It was refused because pages of this API do not begin there. */
  readonly refusesOverlap?: true;
  /** How far the files of a glob have been read after this page. */
  readonly files?: FilesProgress;
  /** Which item of a feed each guid and link belongs to after this page, as text. */
  readonly itemMemory?: string;
  /** Something an operator should know, for the log. */
  readonly warning?: string;
  /** For the receipt. */
  readonly warnings?: readonly Warning[];
  /** Which fields its records have; absent if they have none of their own. */
  readonly fields?: FieldTally;
}
