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
  /** See `KeptRecord`. */
  readonly shaped?: boolean;
  readonly exploded?: true;
  readonly size?: number;
  readonly sha256?: string;
}

/** What is kept of a refused record. */
export interface KeptRecord {
  /** JSON text of the raw record. */
  readonly recordText: string;
  /**
   * True: it is kept as it would have been stored, and a replay begins there. False: shaping it failed, and it is kept as a whole as it
   * was before. Absent: it is kept as the source sent it.
   */
  readonly shaped?: boolean;
  /** It is an element of what the source sent: a replay does not explode it again. */
  readonly exploded?: true;
  /** Of a record of which nothing is kept, as a mask could not be applied to it: bytes of its text, and their hash in hex. */
  readonly size?: number;
  readonly sha256?: string;
}

/** A refused record on its way to the store. */
export interface NewDeadLetter extends KeptRecord {
  readonly reason: RejectionReason;
  readonly message: string;
  readonly at: string;
  readonly page: number;
  readonly index: number;
  /** When the record was fetched, where that was not `at`. ISO 8601. */
  readonly fetchedAt?: string;
  /** The record's id, where it has a valid one: for the log. */
  readonly sourceId?: string;
}
