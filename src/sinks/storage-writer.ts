import type { BatchRef } from '../domain/run/batch.ts';
import type { Sink } from '../domain/run/sink.ts';
import type { SinkCounts } from '../domain/run/receipt.ts';
import type { SpooledRecord } from '../domain/run/record.ts';

export interface WriteContext {
  readonly signal: AbortSignal;
  readonly onProgress: (details?: unknown) => void;
}

/** A record that a sink will never take. */
export interface RefusedRecord {
  /** Place in the batch, from 0. */
  readonly index: number;
  readonly record: SpooledRecord;
  readonly message: string;
}

export interface WriteResult {
  /** They add up to the records of the batch. */
  readonly counts: SinkCounts;
  readonly refused: readonly RefusedRecord[];
}

/**
 * A place that batches go to. Writing a batch again, also after a crash in mid-write or beside another attempt, stores
 * nothing twice and reports the same counts.
 */
export interface StorageWriter {
  readonly sink: Sink;
  /**
   * Checks within two seconds whether the sink accepts anything.
   * @throws SinkUnavailable, SinkMisconfigured
   */
  probe(signal: AbortSignal): Promise<void>;
  /** @throws SinkUnavailable, SinkMisconfigured, DataCorrupted */
  write(batch: BatchRef, records: readonly SpooledRecord[], context: WriteContext): Promise<WriteResult>;
}
