import {
  CancellationScope,
  CancelledFailure,
  continueAsNew,
  isCancellation,
  patched,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { BegunPoll, PollBeginning } from '../../activities/run/begin-poll.ts';
import type { EndedRun } from '../../activities/run/end-poll.ts';
import type { ResolvedSource } from '../../activities/run/resolve-source.ts';
import type { RunRef } from '../../domain/run/batch.ts';
import type { FailedReceipt, Receipt } from '../../domain/run/receipt.ts';
import { readWindow, type TimeRangeText } from '../../domain/time/backfill-windows.ts';
import { sourceNamePattern } from '../../domain/plan/source-plan.ts';
import { beginActivities, storeActivities } from '../activities.ts';
import { BackfillHandover } from '../backfill/backfill-handover.ts';
import { progressQuery, type Progress } from '../messages.ts';
import { sendAlerts } from '../support/send-alerts.ts';
import { PauseState } from '../support/pause.ts';
import { Replanning } from './replan.ts';
import type { RunFailure } from '../../domain/run/run-failure.ts';
import { failureOf, workflowFailure } from '../support/failure.ts';
import { initialSnapshot, type RunSnapshot } from './run-snapshot.ts';
import { Run } from './run.ts';
import { saveReceipt, unresolvedReceipt } from './run-receipts.ts';

export interface ScrapeRunInput {
  readonly source: string;
  /** Also polls a source that announced no changes yet: set by commands, not by schedules. */
  readonly force?: boolean;
  /** A window of time to fetch, instead of new records: set by backfills. */
  readonly window?: TimeRangeText;
  /** What an earlier segment of the same run hands over. */
  readonly carry?: RunSnapshot;
}

/**
 * Polls a source once: fetches its pages, writes them to CSV and PostgreSQL, remembers how far it came.
 *
 * Id: `scrape-<source>-<time>` by schedule, `scrape-<source>-run-<time>` by command. Accepts the signals `pause` and
 * `resume` and the query `progress`. Ends with its receipt, or fails with what went wrong after all that was fetched has
 * been settled; continues as new when its history grows long.
 */
export async function scrapeRun(input: ScrapeRunInput): Promise<Receipt> {
  const { source, carry, force, window } = checkedInput(input);
  const root = CancellationScope.current();
  let run: Run | null = null;
  const pause = new PauseState(carry?.pause ?? null, () => run?.display.show());
  const handover = new BackfillHandover(source);
  const replanning = new Replanning(source, carry?.window ?? window ?? null);
  setHandler(progressQuery, () => run?.display.progress() ?? notStarted(source, pause));
  let begun: BegunPoll = {};
  try {
    if (carry) run = new Run(runRef(source), pause, carry);
    else {
      const resolved = await resolve(source, window ?? null, beginning(source, force === true, pause));
      const { state, ...first } = 'begun' in resolved ? resolved.begun : { state: resolved.state };
      begun = first;
      const combined = 'begun' in resolved ? { again: begun.again === true } : null;
      const snapshot = initialSnapshot({ ...resolved, state }, force === true, window ?? null, combined);
      run = new Run(runRef(source), pause, snapshot);
    }
  } catch (error) {
    await CancellationScope.nonCancellable(() => handover.settled());
    throw error;
  }
  if (begun.ended) return over(run, begun.ended, handover);
  try {
    if ((await run.backOff()) && patched('resolve-after-back-off')) {
      const resolved = (await storeActivities(source).resolveSource({ source })) as ResolvedSource;
      run = new Run(runRef(source), pause, initialSnapshot(resolved, false, null, run.carry().combined ?? null));
    }
    // What was fetched already is stored, whatever the run waits for then.
    if (begun.fetch) run = await fetchOrReplan(run, replanning, begun);
    let { failure: failedBefore } = begun;
    while (!run.ended) {
      await handover.settled();
      await run.resumed();
      if (run.ended || workflowInfo().continueAsNewSuggested) break;
      run = await fetchOrReplan(run, replanning, failedBefore ? { failure: failedBefore } : {});
      failedBefore = undefined;
    }
    if (!run.over) await run.settle();
  } catch (error) {
    // What was fetched is stored before the run ends, and cancellation must not cut that short.
    const failure = isCancellation(error) ? cancelled : failureOf(error, 'run');
    const receipt = await failed(run, failure, handover);
    if (isCancellation(error)) throw error;
    throw workflowFailure(failure, receipt);
  }
  if (run.over) return over(run, run.over, handover);
  const settled = run;
  const receipt = await CancellationScope.nonCancellable(async () => {
    const finished = settled.ended ? await settled.finish() : null;
    // Nothing is awaited between the last check of the queue and the end.
    await handover.settled();
    return finished;
  });
  if (receipt) return receipt;
  if (root.consideredCancelled) {
    // A new history would know nothing of it.
    await failed(run, cancelled, handover);
    throw new CancelledFailure(cancelled.message);
  }
  return continueAsNew<typeof scrapeRun>({ source, carry: run.carry() });
}

/** Ends a run that an activity has ended: it is too late to cancel it. */
async function over(run: Run, { receipt, notify }: EndedRun, handover: BackfillHandover) {
  run.endedWith(receipt);
  await CancellationScope.nonCancellable(async () => {
    if (notify) await sendAlerts(receipt.source);
    await handover.settled();
  });
  return receipt;
}

/** Fetches what comes next; where the plan no longer fits, the run is planned again instead. */
async function fetchOrReplan(run: Run, replanning: Replanning, begun: BegunPoll): Promise<Run> {
  try {
    await run.fetchNext(begun);
    replanning.fitted();
    return run;
  } catch (error) {
    if (!replanning.isNeeded(error)) throw error;
    await run.settle();
    return run.plannedAgain(await replanning.resolve(error));
  }
}

/** Ends a run that cannot continue: what it fetched is settled, its receipt stored, its requests handed over. */
async function failed(run: Run, failure: RunFailure, handover: BackfillHandover): Promise<FailedReceipt> {
  return CancellationScope.nonCancellable(async () => {
    const receipt = await run.fail(failure);
    await handover.settled();
    return receipt;
  });
}

const cancelled = { type: 'Cancelled', message: 'the run was cancelled; what it had fetched is stored' };

/** A source that cannot be resolved fails the run with the reason itself on top, and with a receipt. */
async function resolve(source: string, window: TimeRangeText | null, begin: PollBeginning | null) {
  const input = { source, ...(window ? { window } : {}), ...(begin ? { begin } : {}) };
  try {
    return await beginActivities(source).resolveSource(input);
  } catch (error) {
    if (isCancellation(error)) throw error;
    const failure = failureOf(error, 'resolveSource');
    if (failure.type === 'UnknownSource') throw workflowFailure(failure);
    const receipt = unresolvedReceipt(runRef(source), failure, window);
    const message = `${failure.type}: ${failure.message}`;
    await saveReceipt(receipt, window ? [] : [{ name: 'run_failed', message }], window, null);
    throw workflowFailure(failure, receipt);
  }
}

/** A run that is paused fetches nothing yet. */
function beginning(source: string, force: boolean, pause: PauseState): PollBeginning | null {
  if (pause.current) return null;
  return {
    run: runRef(source),
    startedAt: workflowInfo().startTime.toISOString(),
    ...(force ? { force } : {}),
  };
}

function runRef(source: string): RunRef {
  const { workflowId, firstExecutionRunId } = workflowInfo();
  return { source, workflowId, firstRunId: firstExecutionRunId };
}

function notStarted(source: string, pause: PauseState): Progress {
  return { source, phase: 'starting', paused: pause.current, counts: null, inFlight: 0, watermark: null };
}

/** The input comes from schedules and command lines: anything but a source's name fails the run at once. */
function checkedInput(input: unknown): ScrapeRunInput {
  const { source, carry, force, window } = (
    typeof input === 'object' && input !== null ? input : {}
  ) as Partial<ScrapeRunInput>;
  const isName = typeof source === 'string' && sourceNamePattern.test(source);
  // Only an earlier segment of the run makes a carry, and it makes it whole.
  const isCarried = carry === undefined || workflowInfo().continuedFromExecutionRunId !== undefined;
  const read = window === undefined ? null : readWindow(window);
  if (isName && isCarried && (window === undefined || read)) {
    const parts = { ...(carry === undefined ? {} : { carry }), ...(read ? { window: read } : {}) };
    return { source, force: force === true, ...parts };
  }
  throw workflowFailure({
    type: 'InvalidInput',
    message: `scrapeRun: found input ${JSON.stringify(input)?.slice(0, 500)}, expected {"source": "<name of a source>"}`,
  });
}
