import type { BatchRef } from '../../domain/run/batch.ts';

/** Marks a batch as deferred for a sink. */
export interface DeferredBatch {
  readonly batch: BatchRef;
  /** Why the sink did not accept it. */
  readonly reason: string;
  /** ISO 8601. */
  readonly since: string;
}
