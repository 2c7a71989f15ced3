import type { RunRef } from '../../domain/run/batch.ts';
import { emptyTally, type Receipt } from '../../domain/run/receipt.ts';
import { receiptOf } from '../../domain/run/run-receipt.ts';
import type { SourceState } from '../../domain/state/source-state.ts';

/** The receipt of a poll by a probe: the source has not changed. @param ref the probe's workflow */
export function unchangedReceipt(ref: RunRef, state: SourceState, startedAt: string, finishedAt: Date): Receipt {
  const report = { ref, tally: emptyTally, state, startedAt, finishedAt, window: null, warnings: [] };
  return receiptOf(report, { cutShort: false, notModified: true, notBefore: null }, false);
}
