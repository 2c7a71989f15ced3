import type { DayRanges } from '../../domain/time/day-set.ts';
import type { FieldTally } from '../../domain/run/field-tally.ts';
import type { DateOrder } from '../../domain/plan/plan-parts.ts';
import type { StatePatch, NextPage } from '../../domain/state/fetch-position.ts';
import type { IdResult } from '../../formats/record-id.ts';
import type { Rejection } from '../../domain/dead-letters/rejection.ts';
import type { Micros } from '../../domain/time/timestamp.ts';
import type { ReadPage, Remembered } from '../extraction/document-format.ts';
import type { Warning } from '../../domain/run/warning.ts';
import type { ReplayOutcome, ReplayableDeadLetter } from '../extraction/replay-dead-letter.ts';
import type { StoredVerdict } from '../extraction/stored-check.ts';
import type { Proposal } from '../proposal/proposal.ts';
import type { JobPage } from './packed-page.ts';
import type { SourceDefinition } from './source-definition.ts';
import type { PackedItems } from './packed-items.ts';
import type { WireItem } from './wire-item.ts';

/**
 * Work that a source's own expressions, patterns and schema take part in, or the content that it sent: everything that may take
 * long by accident. A job and its result can be sent to a thread and back.
 */
export type Job = { [K in JobKind]: JobTypes[K][0] }[JobKind];
export type JobKind = keyof JobTypes;
export type ResultOf<K extends JobKind> = JobTypes[K][1];

interface JobTypes {
  readonly read: [ReadJob, ReadResult];
  readonly file: [FileJob, FileResult];
  readonly detail: [DetailJob, DetailResult];
  readonly sort: [SortJob, JobPage];
  readonly letters: [DeadLettersJob, DeadLettersResult];
  readonly stored: [StoredJob, readonly StoredVerdict[]];
  readonly ids: [IdsJob, readonly IdResult[]];
  readonly propose: [ProposeJob, Proposal];
}

interface JobBase {
  readonly source: SourceDefinition;
  /** Check this record only, by its position. */
  readonly only?: number;
  /** Records that are refused without another check, by position. */
  readonly refused?: readonly (readonly [position: number, rejection: Rejection])[];
  /** Those of them that take too much to be written as text. */
  readonly unwritable?: readonly number[];
  /** The same by the mark of their text: those that took too much before. */
  readonly refusedTexts?: readonly (readonly [mark: string, rejection: Rejection])[];
}

/** A response as it goes to a thread. */
export interface ResponseWire {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly url: string;
  readonly body: Uint8Array;
}

/** Reads a document, and finds where the next page is. */
export interface ReadJob extends JobBase {
  readonly kind: 'read';
  readonly response: ResponseWire;
  readonly fetchedAtMs: number;
  readonly place: NextPage;
  /** How its records are checked at once; null = they are handed out as JSON text. */
  readonly check: CheckOptions | null;
  /** @default nothing */
  readonly remembered?: Remembered;
}

export interface ReadResult extends Pick<ReadPage, 'broken' | 'problem' | 'warnings' | 'itemMemory' | 'fields'> {
  /** None if they are checked. */
  readonly items: readonly WireItem[];
  readonly checked: JobPage | null;
  readonly next: NextPage | null;
  readonly patch: StatePatch;
}

/** Reads a JSON file. */
export interface FileJob extends JobBase {
  readonly kind: 'file';
  /** For messages: as written in the place, and absolute. */
  readonly path: string;
  readonly absolutePath: string;
  readonly body: Uint8Array;
}

export interface FileResult {
  readonly items: PackedItems;
  readonly warnings: readonly Warning[];
}

/** Adds the fields of its detail page to a record. */
export interface DetailJob extends JobBase {
  readonly kind: 'detail';
  readonly index: number;
  readonly text: string;
  readonly response: ResponseWire;
  /** How the source wrote dates of numbers last. */
  readonly dateOrder: DateOrder | null;
}

export interface DetailResult {
  readonly item: WireItem;
  readonly fields: FieldTally;
  readonly warnings: readonly Warning[];
}

/** How the records of a page are checked: id, time, schema and so on. */
export interface CheckOptions {
  /** Number of the page in its run, from 1. */
  readonly number: number;
  /** Days that the run has met. */
  readonly days: DayRanges;
  /** Whether digests are made; else the ledger alone decides. */
  readonly makesDigests: boolean;
  /** Whether pages are to be told from each other. */
  readonly hashPages: boolean;
  /** Records from before it count as old; null = none do. */
  readonly since: Micros | null;
  /** JSON text of what each record gets as `parent`; absent = nothing. */
  readonly parent?: string;
}

/** Checks the records of a page. */
export interface SortJob extends JobBase {
  readonly kind: 'sort';
  readonly items: PackedItems;
  readonly fetchedAtMs: number;
  readonly check: CheckOptions;
}

/** Extracts dead letters again. */
export interface DeadLettersJob extends JobBase {
  readonly kind: 'letters';
  readonly letters: readonly DeadLetterWire[];
  readonly days: DayRanges;
  readonly nowMs: number;
}

export interface DeadLettersResult {
  readonly outcomes: readonly ReplayOutcome[];
  /** Days that the run has met by now. */
  readonly days: DayRanges;
}

/** A dead letter with its record as JSON text. */
export interface DeadLetterWire extends Omit<ReplayableDeadLetter, 'record'> {
  readonly text: string;
}

/** Applies a source's rules to records that are stored. */
export interface StoredJob extends JobBase {
  readonly kind: 'stored';
  readonly rows: readonly { readonly payload: string; readonly stored: Micros }[];
}

/** Finds ids in payloads that are stored. */
export interface IdsJob extends JobBase {
  readonly kind: 'ids';
  readonly id: readonly string[];
  readonly payloads: readonly string[];
}

/** Proposes how to read a response, or records. */
export interface ProposeJob extends JobBase {
  readonly kind: 'propose';
  readonly from: ResponseWire | readonly string[];
  /** Whether it is the page of one item of a listing. */
  readonly isDetail?: boolean;
}
