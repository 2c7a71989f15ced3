import { CancellationScope, log, workflowInfo } from '@temporalio/workflow';
import type { FinishRunInput } from '../../activities/run/finish-run.ts';
import type { PollFacts } from '../../activities/run/save-receipt.ts';
import type { EndedPoll } from '../../activities/run/end-poll.ts';
import type { FetchBatchResult } from '../../activities/run/fetch-batch.ts';
import type { WriteAndFinishResult } from '../../activities/run/write-and-finish.ts';
import type { AlertVerdict } from '../../domain/monitoring/alert.ts';
import type { RunRef } from '../../domain/run/batch.ts';
import { emptyTally, type FailedReceipt, type Receipt, type Tally } from '../../domain/run/receipt.ts';
import type { RunFailure } from '../../domain/run/run-failure.ts';
import type { TimeRangeText } from '../../domain/time/backfill-windows.ts';
import { combinedWriteActivities, finishActivities, storeActivities } from '../activities.ts';
import type { Pipeline } from './pipeline.ts';
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
  rest: Pick<FinishRunInput, 'state' | 'sameState' | 'alertsSince' | 'clean' | 'release' | 'again'>,
): Promise<R> {
  const { source } = receipt;
  const input = { receipt, verdicts, ...factsOf(window, poll), ...rest };
  const { notify, added } = await finishActivities(source).finishRun(input);
  if (notify) await sendAlerts(source);
  return { ...receipt, ...added };
}

/**
 * Writes all that a run has fetched, and ends it, in one activity, where that is possible. It is too late then to cancel the run.
 * @param poll what the run knows besides the fetch
 * @returns what came of the first attempt to write; null if none was made. A worker that was lost says nothing about the sinks
 */
export async function finishTogether(
  pipeline: Pipeline,
  { batches, end, patch }: FetchBatchResult,
  { tally, ...poll }: Omit<EndedPoll, 'end' | 'patch'> & { readonly tally: Tally },
): Promise<WriteAndFinishResult | null> {
  const isPlain = end !== null && !end.cutShort && end.paging === undefined && end.notBefore === null;
  if (!isPlain || !pipeline.mayFinishWith(batches)) return null;
  const { source } = poll.run;
  const { run, plan, state, startedAt, continues, window, warnings, isScheduled = false, again = false } = poll;
  const facts = { run, plan, state, patch, end, startedAt, continues, window, warnings, isScheduled };
  const ended = { ...facts, ...(again ? { again } : {}) };
  return CancellationScope.nonCancellable(() =>
    combinedWriteActivities(source, batches)
      .writeAndFinish({ source, batches, poll: ended, fetched: tally })
      .catch(() => ({ tried: [] })),
  );
}

export function logCutShort({ source, outcome }: Receipt): void {
  log.warn('Poll was cut short; the watermark does not change', { source, outcome });
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
