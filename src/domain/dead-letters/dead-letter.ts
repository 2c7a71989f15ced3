import type { RejectionReason } from './rejection.ts';

/** A refused record as `dead-letters list --json` prints it. */
export interface DeadLetter {
  /** Hash of source, reason and raw record: the same bad record is one entry with a count. */
  readonly id: string;
  readonly source: string;
  readonly reason: RejectionReason;
  readonly message: string;
  /** When it was refused first. ISO 8601. */
  readonly at: string;
  /** Run id of the run that met it first. */
  readonly run: string;
  /** Page of the run, from 1. */
  readonly page: number;
  /** Place in the page, from 0; of a file, the line number, from 1. */
  readonly index: number;
  /** The raw record; a string where it is no JSON, or JSON nested too deep to be shown as such. */
  readonly record: unknown;
  readonly count: number;
  readonly discardedAt: string | null;
}

/** A refused record on its way to the store. */
export interface NewDeadLetter {
  readonly reason: RejectionReason;
  readonly message: string;
  readonly at: string;
  readonly page: number;
  readonly index: number;
  /** When the record was fetched, where that was not `at`. ISO 8601. */
  readonly fetchedAt?: string;
  /** The record's id, where it has a valid one: for the log. */
  readonly sourceId?: string;
  /** JSON text of the raw record. */
  readonly recordText: string;
}
