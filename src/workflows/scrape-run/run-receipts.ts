import { workflowInfo } from '@temporalio/workflow';
import type { PollFacts } from '../../activities/run/save-receipt.ts';
import type { AlertVerdict } from '../../domain/monitoring/alert.ts';
import type { RunRef } from '../../domain/run/batch.ts';
import { emptyTally, type FailedReceipt, type Receipt } from '../../domain/run/receipt.ts';
import type { TimeRangeText } from '../../domain/time/backfill-windows.ts';
import { storeActivities } from '../activities.ts';
import type { RunFailure } from '../support/failure.ts';
import { sendAlerts } from '../support/send-alerts.ts';

/**
 * Stores a receipt, and lets alerts be told that it opens or resolves.
 * @param poll null where no source was polled
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

/** What is kept of a run whose source could not be resolved. */
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
