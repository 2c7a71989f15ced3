import type { RunRef } from './batch.ts';
import type { PollEnd } from '../state/fetch-position.ts';
import { filteredOf, outcomeOf, type FailedReceipt, type Receipt, type Tally } from './receipt.ts';
import type { RunFailure } from './run-failure.ts';
import { summarizeState, type SourceState } from '../state/source-state.ts';
import type { TimeRangeText } from '../time/backfill-windows.ts';
import type { Warning } from './warning.ts';

/** What the receipt of a run says besides its outcome. */
export interface RunReport {
  readonly ref: RunRef;
  readonly tally: Tally;
  readonly state: SourceState;
  readonly startedAt: string;
  readonly finishedAt: Date;
  readonly window: TimeRangeText | null;
  readonly warnings: readonly Warning[];
}

/**
 * The receipt of a run that did not fail.
 * @param end null if the source was not polled
 * @param goesOn the poll began where an earlier one stopped: it may find nothing left, which does not mean an empty source
 */
export function receiptOf(report: RunReport, end: PollEnd | null, goesOn: boolean): Receipt {
  const { cutShort, notModified, notBefore } = end ?? { cutShort: false, notModified: false, notBefore: null };
  const found = { cutShort, notModified: notModified || goesOn, rateLimited: notBefore !== null };
  const outcome = outcomeOf(report.tally, found);
  return { source: report.ref.source, outcome, ...bodyOf(report) };
}

export function failedReceiptOf(report: RunReport, error: RunFailure): FailedReceipt {
  return { source: report.ref.source, outcome: 'failed', error, ...bodyOf(report) };
}

function bodyOf({
  ref,
  tally,
  state,
  startedAt,
  finishedAt,
  window,
  warnings,
}: RunReport): Omit<Receipt, 'source' | 'outcome'> {
  const { fetched, accepted, rejected, unchanged, repaired, csv, postgres, pages, batches } = tally;
  return {
    fetched,
    accepted,
    rejected,
    unchanged,
    filtered: filteredOf(tally),
    repaired,
    csv,
    postgres,
    pages,
    batches,
    resume: summarizeState(state),
    workflowId: ref.workflowId,
    runId: ref.firstRunId,
    startedAt,
    ...(window ? { window } : {}),
    ...(warnings.length > 0 ? { warnings } : {}),
    finishedAt: finishedAt.toISOString(),
  };
}
