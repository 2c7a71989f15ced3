import { CancellationScope, continueAsNew, isCancellation, setHandler, workflowInfo } from '@temporalio/workflow';
import type { RunRef } from '../domain/batch.ts';
import type { Receipt } from '../domain/receipt.ts';
import { readWindow, type WindowText } from '../domain/windows.ts';
import { sourceNamePattern } from '../domain/source-name.ts';
import { storeActivities } from './activities.ts';
import { BackfillInbox } from './backfill-inbox.ts';
import { progressQuery, type Progress } from './messages.ts';
import { PauseSwitch } from './pause.ts';
import { failureOf, workflowFailure } from './run-failure.ts';
import { freshCarry, Run, saveReceipt, unresolvedReceipt, type RunCarry } from './run.ts';

export interface ScrapeRunInput {
  readonly source: string;
  /** Asks also a source that said it would not change yet: set by commands, not by schedules. */
  readonly force?: boolean;
  /** A window of time to ask for, instead of what is new: set by backfills. */
  readonly window?: WindowText;
  /** What an earlier segment of the same run hands over. */
  readonly carry?: RunCarry;
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
  let run: Run | null = null;
  const pause = new PauseSwitch(carry?.pause ?? null, () => run?.showDetails());
  const inbox = new BackfillInbox();
  setHandler(progressQuery, () => run?.progress() ?? notStarted(source, pause));
  run = new Run(
    runRef(source),
    pause,
    carry ?? freshCarry(await resolve(source, window ?? null), force === true, window ?? null),
  );
  try {
    await run.backOff();
    while (!run.ended) {
      await handOver(source, inbox);
      await run.resumed();
      if (run.ended || workflowInfo().continueAsNewSuggested) break;
      await run.fetchNext();
    }
    await run.settle();
  } catch (error) {
    // What was fetched is stored before the run ends, and cancellation must not cut that short.
    const failure = isCancellation(error) ? cancelled : failureOf(error, 'run');
    const failed = run;
    const receipt = await CancellationScope.nonCancellable(async () => {
      const failedReceipt = await failed.fail(failure);
      await handOver(source, inbox);
      return failedReceipt;
    });
    if (isCancellation(error)) throw error;
    throw workflowFailure(failure, receipt);
  }
  const finished = run;
  return CancellationScope.nonCancellable(async () => {
    const receipt = finished.ended ? await finished.finish() : null;
    // Nothing is awaited between the last look into the inbox and the end.
    await handOver(source, inbox);
    return receipt ?? continueAsNew<typeof scrapeRun>({ source, carry: finished.carry() });
  });
}

/** Backfills are asked for at a run, too: whoever has the source at hand in the Web UI. A workflow of their own does them. */
async function handOver(source: string, inbox: BackfillInbox): Promise<void> {
  while (!inbox.isEmpty) await storeActivities(source).requestBackfill({ source, payloads: inbox.takePayloads() });
}

const cancelled = { type: 'Cancelled', message: 'the run was cancelled; what it had fetched is stored' };

/** A source that cannot be resolved fails the run with the reason itself on top, and with a receipt. */
async function resolve(source: string, window: WindowText | null) {
  try {
    return await storeActivities(source).resolveSource({ source, ...(window ? { window } : {}) });
  } catch (error) {
    if (isCancellation(error)) throw error;
    const failure = failureOf(error, 'resolveSource');
    if (failure.type === 'UnknownSource') throw workflowFailure(failure);
    const receipt = unresolvedReceipt(runRef(source), failure, window);
    const message = `${failure.type}: ${failure.message}`;
    await saveReceipt(receipt, window ? [] : [{ name: 'run_failed', message }], window);
    throw workflowFailure(failure, receipt);
  }
}

function runRef(source: string): RunRef {
  const { workflowId, firstExecutionRunId } = workflowInfo();
  return { source, workflowId, firstRunId: firstExecutionRunId };
}

function notStarted(source: string, pause: PauseSwitch): Progress {
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
