import { type WorkflowHandle, WorkflowFailedError } from '@temporalio/client';
import { startBackfill } from '../../../temporal/start-backfill.ts';
import { findSource } from '../../../config/file/find-source.ts';
import { planOf } from '../../../config/plan/plan.ts';
import {
  isConcurrency,
  maxConcurrency,
  readBackfillRequest,
  type BackfillRequest,
} from '../../../domain/time/backfill-request.ts';
import { messageOf, UsageError } from '../../../domain/errors.ts';
import { parseWindow } from '../../../domain/time/time-range.ts';
import { windowProblem } from '../../../domain/plan/window-support.ts';
import { cutWindows, windowName, type TimeRangeText } from '../../../domain/time/backfill-windows.ts';
import { chooseWindows, readWindowReceipt, windowState } from '../../../store/backfill/window-results.ts';
import type { BackfillTally } from '../../../workflows/backfill/backfill-input.ts';
import type { BackfillProgress } from '../../../workflows/messages.ts';
import {
  createContext,
  openStoreToRead,
  requireTemporal,
  type CommonOptions,
  type Context,
} from '../../options/context.ts';
import { loadConfig } from '../../options/load-config.ts';
import { tallyOfFailure } from '../../../temporal/follow-workflow.ts';
import { showWorkflow } from '../../output/show-workflow.ts';
import { setExitCode } from '../../output/exit-code.ts';
import { formatTable, print, printJson, printLines, printInfo } from '../../output/output.ts';
import { suggestion } from '../../output/suggestion.ts';
import { requirePoller } from '../../../temporal/task-queue-pollers.ts';
import { countRows, readRetiredBefore } from '../../options/row-counts.ts';
import { withTemporal } from '../../../temporal/connect.ts';
import type { Progress } from '../../output/terminal/progress.ts';
import { requireOwnWork } from '../../options/own-work.ts';

export interface BackfillOptions extends CommonOptions {
  readonly from?: string;
  readonly to?: string;
  readonly step?: string;
  readonly only?: string;
  readonly concurrency?: string;
  readonly dryRun?: boolean;
  readonly detach?: boolean;
  readonly json?: boolean;
}

/** `daybook backfill`: fetches a range of time again, window by window, in a workflow that continues without this command. */
export async function backfillCommand(source: string, options: BackfillOptions): Promise<void> {
  const context = createContext(options);
  const config = loadConfig(context);
  const problem = windowProblem(planOf(config, findSource(config, source)));
  if (problem !== null) throw new UsageError(problem);
  const { from, to, step, only } = options;
  if (from === undefined || to === undefined) {
    throw new UsageError('missing --from and --to, e.g. --from 2026-11-01 --to 2026-11-08');
  }
  const concurrency = options.concurrency === undefined ? undefined : Number(options.concurrency);
  if (concurrency !== undefined && !isConcurrency(concurrency)) {
    throw new UsageError(`--concurrency: found "${options.concurrency}", expected 1 to ${maxConcurrency}`);
  }
  // Undefined fields are absent from the JSON of the signal.
  const payload = { from, to, step, only, concurrency };
  const read = readBackfillRequest(payload);
  if (!read.ok) throw new UsageError(`backfill: ${read.why}`);
  const windows = await windowsOf(context, source, read.request);
  await warnOfRetired(context, windows);
  if (options.dryRun) return showPlan(context, source, windows, options);
  if (windows.length === 0) {
    if (options.json) printJson({ done: 0, written: 0, failed: [], failedCount: 0 } satisfies BackfillTally);
    return printInfo(`${source}: no window of that range ${only === 'failed' ? 'failed' : 'is missing'}`);
  }
  await withTemporal(requireTemporal(context), async (client) => {
    await requirePoller(client, context.instance);
    await requireOwnWork(context, options, client);
    const handle = await startBackfill(client, context.instance, source, payload);
    printInfo(
      `${source}: ${windows.length} windows requested in workflow ${handle.workflowId}; it continues in the background`,
    );
    if (!options.detach) await follow(handle, options);
    else if (options.json) printJson({ source, workflowId: handle.workflowId });
  });
}

/** The windows of the request. */
async function windowsOf(context: Context, source: string, request: BackfillRequest): Promise<TimeRangeText[]> {
  const range = parseWindow(request.from, request.to);
  if (!range.ok) throw new UsageError(range.why);
  return chooseWindows(openStoreToRead(context), source, cutWindows(range.window, request.stepMs), request.only);
}

/** An expired range would look as if it had been empty. */
async function warnOfRetired(context: Context, windows: readonly TimeRangeText[]): Promise<void> {
  const floor = await readRetiredBefore(context);
  if (floor === null || !windows.some(({ from }) => from < floor)) return;
  printInfo(
    `days before ${floor} are retired: their records are stored in CSV only, unless the day was restored (./daybook restore --day …)`,
  );
}

/** The progress of each window, and its stored rows. */
async function showPlan(
  context: Context,
  source: string,
  windows: readonly TimeRangeText[],
  { json }: BackfillOptions,
): Promise<void> {
  const store = openStoreToRead(context);
  const counts = await countRows(context, source, windows);
  const rows: string[][] = [];
  for (const [index, window] of windows.entries()) {
    const receipt = await readWindowReceipt(store, source, window);
    const state = windowState(receipt);
    const stored = counts?.[index] ?? null;
    if (json) printJson({ ...window, state, lastRunAt: receipt?.finishedAt ?? null, rows: stored });
    else
      rows.push([
        windowName(window),
        state,
        receipt?.finishedAt.slice(0, 19).concat('Z') ?? '-',
        stored === null ? '?' : String(stored),
      ]);
  }
  if (json) return;
  printLines(formatTable(['window', 'state', 'last run', 'rows'], rows));
  printInfo(`${windows.length} windows would run; nothing was started`);
}

/** Shows progress until it ends. Exit code 1 if windows failed. */
async function follow(handle: WorkflowHandle, { json }: BackfillOptions): Promise<void> {
  const ask = async () => progressOf(await handle.query<BackfillProgress>('progress'));
  try {
    const tally = (await showWorkflow(handle, ask)) as BackfillTally;
    if (json) printJson(tally);
    else print(`done: ${tally.done} windows, ${tally.written} new rows`);
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    setExitCode(1);
    const message = messageOf(error.cause ?? error);
    if (json) printJson({ ...(tallyOfFailure(error) as BackfillTally | undefined), error: message });
    else print(`failed: ${message}`);
  }
}

function progressOf({ windows, written, paused }: BackfillProgress): Progress {
  const done = windows.done + windows.failed;
  const total = done + windows.running.length + windows.waiting;
  const text = `${windows.done} done, ${windows.running.length} running, ${windows.waiting} waiting, ${windows.failed} failed; ${written} rows${paused ? `; paused${paused.reason === null ? '' : ` (${paused.reason})`}; ${suggestion('resume with ./daybook resume')}` : ''}`;
  return { text, done, total };
}
