import { workflowInfo } from '@temporalio/workflow';
import type { PollFacts } from '../../activities/run/save-receipt.ts';
import type { AlertVerdict } from '../../domain/monitoring/alert.ts';
import type { RunRef } from '../../domain/run/batch.ts';
import { emptyTally, type FailedReceipt, type Receipt, type Tally } from '../../domain/run/receipt.ts';
import { summarizeState, type SourceState } from '../../domain/run/source-state.ts';
import type { TimeRangeText } from '../../domain/time/backfill-windows.ts';
import { storeActivities } from '../activities.ts';
import type { RunFailure } from '../support/failure.ts';
import { sendAlerts } from '../support/send-alerts.ts';

/**
 * Stores a receipt, and sends the alerts that it opens or resolves.
 * @param poll null if no source was polled
 * @returns the receipt as it is stored
 */
export async function saveReceipt<R extends Receipt | FailedReceipt>(
  receipt: R,
  verdicts: readonly AlertVerdict[],
  window: TimeRangeText | null,
  poll: PollFacts | null,
): Promise<R> {
  const { source } = receipt;
  const facts = window ? { window } : poll ? { poll } : {};
  const saved = await storeActivities(source).saveReceipt({ receipt, verdicts, ...facts });
  if (saved?.notify) await sendAlerts(source);
  return { ...receipt, ...saved?.added };
}

/** What receipts of all runs say. */
export function receiptBody(
  { workflowId, firstRunId }: RunRef,
  tally: Tally,
  state: SourceState,
  { startedAt, window, warnings }: Pick<Receipt, 'startedAt' | 'window' | 'warnings'>,
): Omit<Receipt, 'source' | 'outcome'> {
  const { fetched, accepted, rejected, unchanged, repaired, csv, postgres, pages, batches } = tally;
  return {
    fetched,
    accepted,
    rejected,
    unchanged,
    repaired,
    csv,
    postgres,
    pages,
    batches,
    resume: summarizeState(state),
    workflowId,
    runId: firstRunId,
    startedAt,
    ...(window ? { window } : {}),
    ...(warnings ? { warnings } : {}),
    finishedAt: new Date().toISOString(),
  };
}

/** What is stored about a run whose source could not be resolved. */
export function unresolvedReceipt(
  { source, workflowId, firstRunId }: RunRef,
  error: RunFailure,
  window: TimeRangeText | null,
): FailedReceipt {
  return {
    source,
    outcome: 'failed',
    error,
    ...emptyTally,
    resume: { watermark: null },
    workflowId,
    runId: firstRunId,
    startedAt: workflowInfo().startTime.toISOString(),
    finishedAt: new Date().toISOString(),
    ...(window ? { window } : {}),
  };
}
