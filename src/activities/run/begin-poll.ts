import { Context } from '@temporalio/activity';
import { isFetchedApart } from '../../domain/plan/large-bodies.ts';
import type { SourcePlan } from '../../domain/plan/source-plan.ts';
import type { RunRef } from '../../domain/run/batch.ts';
import { cancelledAttempt, type FailedAttempt } from '../../domain/run/failed-attempt.ts';
import { addFetch, emptyTally, filteredOf } from '../../domain/run/receipt.ts';
import { verdictOf } from '../../domain/run/run-verdict.ts';
import type { SourceState } from '../../domain/state/source-state.ts';
import { addWarnings, type Warning } from '../../domain/run/warning.ts';
import type { TimeRangeText } from '../../domain/time/backfill-windows.ts';
import { failedAttempt } from '../support/failure.ts';
import { redactorFor, type SecretAccess } from '../support/source-secrets.ts';
import { endPoll, isLate, type EndedRun } from './end-poll.ts';
import type { createFetchBatch, FetchBatchResult } from './fetch-batch.ts';
import type { createFinishRun } from './finish-run.ts';

/** How a run wants its poll to begin. */
export interface PollBeginning {
  readonly run: RunRef;
  readonly startedAt: string;
  /** See `FetchBatchInput`. */
  readonly force?: boolean;
}

/** How far a poll came while its source was resolved; empty where the first fetch was left to `fetchBatch`. */
export interface BegunPoll {
  readonly fetch?: FetchBatchResult;
  /** Why the first attempt to fetch failed. */
  readonly failure?: FailedAttempt;
  /** The poll came to its end, and nothing has changed: the run is over, and its receipt is noted. */
  readonly ended?: EndedRun;
  /** An attempt before this one may have ended the run. */
  readonly again?: true;
}

/** The other activities, which do the parts. */
export interface PollActivities {
  readonly fetchBatch: ReturnType<typeof createFetchBatch>;
  readonly finishRun: ReturnType<typeof createFinishRun>;
}

/** What a run starts from. */
interface Planned {
  readonly plan: SourcePlan;
  readonly state: SourceState;
  readonly warnings?: readonly Warning[];
}

/**
 * Tries the first fetch once, and ends the run where nothing has changed. Safe to repeat because fetching and ending are.
 * What fails here is not retried here: the source's own policy decides, and an attempt that takes the worker with it counts there.
 */
export async function beginPoll(
  tools: SecretAccess & PollActivities,
  resolved: Planned,
  { run, startedAt, force = false }: PollBeginning,
  window: TimeRangeText | null,
): Promise<BegunPoll> {
  const { plan, state } = resolved;
  const { info, cancellationSignal } = Context.current();
  if (info.attempt > 1) return { again: true };
  if (!mayFetch(resolved, force || window !== null)) return {};
  const startedMs = performance.now();
  const options = { ...(force ? { force } : {}), ...(window ? { window } : {}) };
  let fetch: FetchBatchResult;
  try {
    fetch = await tools.fetchBatch({ run, plan, state, position: null, number: 0, ...options });
  } catch (error) {
    if (cancellationSignal.aborted) {
      if (isRequested(cancellationSignal)) return { failure: cancelledAttempt };
      throw error;
    }
    return {
      failure: failedAttempt(error, redactorFor(plan.name, tools), { activityType: 'fetchBatch', startedMs }),
    };
  }
  const { end } = fetch;
  const tally = addFetch(emptyTally, fetch.counts);
  const isWindow = window !== null;
  if (
    end === null ||
    isLate(startedMs) ||
    !isUnchanged(resolved, fetch) ||
    verdictOf(plan.name, { plan, tally, end, isWindow })
  ) {
    return { fetch };
  }
  if (cancellationSignal.aborted) {
    if (isRequested(cancellationSignal)) return { failure: cancelledAttempt };
    throw cancellationSignal.reason;
  }
  // From here on it is too late to cancel the run.
  const warnings = addWarnings(resolved.warnings ?? [], fetch.warnings ?? []);
  const continues = state.unfinished !== null;
  const isScheduled = !force;
  const poll = { run, plan, state, patch: fetch.patch, end, startedAt, continues, window, warnings, isScheduled };
  return { ended: await endPoll(tools.finishRun, poll, tally, [], startedMs) };
}

/**
 * Whether a repeated poll would say the same: a worker that is lost after it has saved the state begins again with that, and what else a
 * poll found, as records that were rejected or an `id` that changed, might not be found again.
 */
function isUnchanged({ warnings: found = [] }: Planned, fetch: FetchBatchResult): boolean {
  const { counts, batches, end, warnings = [] } = fetch;
  if (!end || end.cutShort || end.paging !== undefined || end.notBefore !== null) return false;
  const isNothingNew =
    counts.fetched === counts.unchanged + filteredOf(counts) && (end.notModified || counts.fetched > 0);
  return isNothingNew && batches.length === 0 && found.length + warnings.length === 0;
}

/** A source that backs off, or asked not to be called yet, is not polled now. */
function mayFetch({ plan, state }: Planned, isForced: boolean): boolean {
  const isAhead = (time: string | null | undefined) => typeof time === 'string' && Date.parse(time) > Date.now();
  if (isFetchedApart(plan)) return false;
  return !isAhead(state.notBefore) && (isForced || !isAhead(state.failures?.until));
}

/** Whether someone cancelled the run; else its worker stops, or the activity has timed out. */
function isRequested({ reason }: AbortSignal): boolean {
  return reason instanceof Error && reason.message === 'CANCELLED';
}
