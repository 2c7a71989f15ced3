import type { BatchRef, RunRef } from '../../domain/run/batch.ts';
import type { PollEnd, StatePatch } from '../../domain/state/fetch-position.ts';
import { deadLetters, type Receipt, type Tally } from '../../domain/run/receipt.ts';
import { receiptOf } from '../../domain/run/run-receipt.ts';
import { alertsOf } from '../../domain/run/run-verdict.ts';
import { isRoutine } from '../../domain/state/poll.ts';
import { isSameState, noteNews, noteRejected, settledState } from '../../domain/state/settled-state.ts';
import type { SourceState } from '../../domain/state/source-state.ts';
import type { SourcePlan } from '../../domain/plan/source-plan.ts';
import type { Warning } from '../../domain/run/warning.ts';
import type { TimeRangeText } from '../../domain/time/backfill-windows.ts';
import type { createFinishRun } from './finish-run.ts';

/**
 * After this time an activity no longer ends its run: well below the heartbeat timeout of 10 s, after which the server may have given the
 * attempt up.
 */
const latestEndMs = 8_000;

/** A poll that has come to its end. */
export interface EndedPoll {
  readonly run: RunRef;
  readonly plan: SourcePlan;
  /** What the run began with. */
  readonly state: SourceState;
  readonly patch: StatePatch;
  readonly end: PollEnd;
  readonly startedAt: string;
  /** Whether it began where an earlier one stopped. */
  readonly continues: boolean;
  readonly window: TimeRangeText | null;
  readonly warnings: readonly Warning[];
  /** No user asked for the run. Absent = unknown. */
  readonly isScheduled?: boolean;
  /** An earlier attempt to end the run, which was lost, may have stored a receipt. */
  readonly again?: boolean;
}

/** How a run ended, for its workflow. */
export interface EndedRun {
  readonly receipt: Receipt;
  /** There are alerts to send. */
  readonly notify: boolean;
}

/**
 * Ends the run of a poll whose sinks were up before and have settled all of its batches: see `finishRun`.
 * @param release these batches
 * @param startedMs when the attempt started, by `performance.now()`
 */
export async function endPoll(
  finishRun: ReturnType<typeof createFinishRun>,
  {
    run,
    plan,
    state,
    patch,
    end,
    startedAt,
    continues,
    window,
    warnings,
    isScheduled = false,
    again = false,
  }: EndedPoll,
  tally: Tally,
  release: readonly BatchRef[],
  startedMs: number,
): Promise<EndedRun> {
  const finishedAt = new Date();
  const patched = { ...state, ...patch };
  const isNoted = plan.expect.maxStalenessMs !== null;
  const noted = isNoted ? noteNews(patched, tally.postgres.written, finishedAt) : patched;
  const next = noteRejected(settledState(noted, plan.id), plan, deadLetters(tally));
  const receipt = receiptOf({ ref: run, tally, state: next, startedAt, finishedAt, window, warnings }, end, continues);
  const { lastNewAt } = next;
  const input = {
    receipt,
    verdicts: alertsOf(receipt, { plan, deferredBecause: new Map(), lastNewAt, end, isWindow: window !== null }),
    ...(window ? { window } : { poll: { epoch: state.epoch ?? 0, end } }),
    ...(window ? {} : isSameState(state, next) ? { sameState: state } : { state: next }),
    ...(isScheduled && window === null && isRoutine(state, end) ? { alertsSince: state.receiptAt ?? null } : {}),
    ...(again ? { again } : {}),
    clean: true,
    before: state,
    release,
  };
  const { added, notify } = await finishRun(input, () => isLate(startedMs));
  return { receipt: { ...receipt, ...added }, notify };
}

/** The server may have given up an attempt that was blocked for so long: the run may have got further by other steps. */
export function isLate(startedMs: number): boolean {
  return performance.now() - startedMs > latestEndMs;
}
