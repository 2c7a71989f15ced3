import { workflowInfo } from '@temporalio/workflow';
import type { FinishRunInput } from '../../activities/run/finish-run.ts';
import type { PollFacts } from '../../activities/run/save-receipt.ts';
import type { AlertVerdict } from '../../domain/monitoring/alert.ts';
import type { RunRef } from '../../domain/run/batch.ts';
import { emptyTally, type FailedReceipt, type Receipt } from '../../domain/run/receipt.ts';
import type { RunFailure } from '../../domain/run/run-failure.ts';
import type { TimeRangeText } from '../../domain/time/backfill-windows.ts';
import { finishActivities, storeActivities } from '../activities.ts';
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
  const saved = await storeActivities(source).saveReceipt({ receipt, verdicts, ...factsOf(window, poll) });
  if (saved?.notify) await sendAlerts(source);
  return { ...receipt, ...saved?.added };
}

/** The same together with the run's last state, and with its batches. */
export async function finishRun<R extends Receipt | FailedReceipt>(
  receipt: R,
  verdicts: readonly AlertVerdict[],
  window: TimeRangeText | null,
  poll: PollFacts,
  rest: Pick<FinishRunInput, 'state' | 'clean' | 'release'>,
): Promise<R> {
  const { source } = receipt;
  const input = { receipt, verdicts, ...factsOf(window, poll), ...rest };
  const { notify, added } = await finishActivities(source).finishRun(input);
  if (notify) await sendAlerts(source);
  return { ...receipt, ...added };
}

function factsOf(window: TimeRangeText | null, poll: PollFacts | null) {
  return window ? { window } : poll ? { poll } : {};
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
