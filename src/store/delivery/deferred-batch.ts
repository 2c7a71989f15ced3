import type { BatchRef } from '../../domain/run/batch.ts';

/** Says that a batch waits for a sink. */
export interface DeferredBatch {
  readonly batch: BatchRef;
  /** Why the sink did not take it. */
  readonly reason: string;
  /** ISO 8601. */
  readonly since: string;
}
