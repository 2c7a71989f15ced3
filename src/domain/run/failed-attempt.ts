import type { RunFailure } from './run-failure.ts';

/** An attempt that failed inside an activity that did not: the workflow continues with the policy of what was tried. */
export interface FailedAttempt extends RunFailure {
  /** No other attempt would succeed. */
  readonly isFinal: boolean;
  /** When the next attempt should begin; null = as the policy says. */
  readonly retryAfterMs: number | null;
}

/** Types of failures that are a batch's, not its sink's. */
export const faultsOfBatch: ReadonlySet<string> = new Set(['BatchGone', 'BatchDamaged', 'ReceiptUnbalanced']);

/** Types of failed writes that no later attempt can fix. */
export const permanentFailures: ReadonlySet<string> = new Set(['DataCorrupted', ...faultsOfBatch]);

/** The failure of an attempt that was cut short because its run was cancelled. */
export const cancelledAttempt: FailedAttempt = {
  type: 'Cancelled',
  message: 'the run was cancelled',
  isFinal: true,
  retryAfterMs: null,
};
