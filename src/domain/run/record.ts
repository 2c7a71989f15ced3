import type { Micros } from '../time/timestamp.ts';

/** A valid record, ready to be spooled. */
export interface AcceptedRecord {
  readonly sourceId: string;
  readonly occurredAt: Micros;
  /** JSON text of the payload: one line, no U+0000, no lone surrogate. */
  readonly payload: string;
  /** Whether a character of it had to be replaced. */
  readonly repaired: boolean;
  /** Whether the time came from the record, not from the clock. */
  readonly timeFromRecord: boolean;
  /** The time that the watermark follows, where that is another one; null if the record has none. */
  readonly cursorTime?: Micros | null;
}

/** A record as it is stored in a spooled batch. */
export interface SpooledRecord {
  readonly sourceId: string;
  /** Canonical time, 27 characters (see `formatMicros`). */
  readonly occurredAt: string;
  readonly payload: string;
}
