import { findSource } from '../../../config/file/find-source.ts';
import type { FailedReceipt, Receipt } from '../../../domain/run/receipt.ts';
import { unchangedSince, type UnchangedPolls } from '../../../domain/run/last-run.ts';
import type { BlobStore } from '../../../store/blobs/blob-store.ts';
import { readLastRuns } from '../../../store/run/last-runs.ts';
import { storePaths } from '../../../store/paths/paths.ts';
import { listReceipts, readReceipt } from '../../../store/run/receipts.ts';
import { createContext, openStoreToRead, type CommonOptions } from '../../options/context.ts';
import { loadConfig } from '../../options/load-config.ts';
import { parseDay } from '../../options/day-option.ts';
import { formatTable, printJson, printLines, printInfo } from '../../output/output.ts';
import { countsOf } from '../../output/receipt-line.ts';
import { clock, tookText } from '../../output/status-view/status-times.ts';
import { terminalOf } from '../../output/terminal/terminal.ts';
import { UsageError } from '../../../domain/errors.ts';

export interface RunsOptions extends CommonOptions {
  readonly day?: string;
  readonly failed?: boolean;
  readonly limit?: string;
  readonly json?: boolean;
}

/** Default number of runs shown. */
const usualLimit = 50;

/** A run in the list. */
interface ShownRun {
  readonly receipt: Receipt | FailedReceipt;
  /** Set where it is the last of several unchanged polls. */
  readonly unchanged?: UnchangedPolls;
}

/**
 * `daybook runs`: receipts of past runs of a source, the newest first; the unchanged polls since the last of them as one. Needs no
 * server.
 */
export async function runsCommand(source: string, options: RunsOptions): Promise<void> {
  const { day, failed = false, json = false } = options;
  const limit = options.limit === undefined ? (json ? Infinity : usualLimit) : Number(options.limit);
  if (limit !== Infinity && !(Number.isInteger(limit) && limit >= 1)) {
    throw new UsageError(`--limit: found "${options.limit}", expected a number from 1`);
  }
  const context = createContext(options);
  const store = openStoreToRead(context);
  const paths = await listReceipts(store, source, day === undefined ? undefined : parseDay(day));
  const unchanged = await unchangedPolls(store, source, paths.at(-1));
  // A source that is gone from the configuration still has its receipts.
  if (paths.length === 0 && unchanged === null && (await listReceipts(store, source)).length === 0) {
    findSource(loadConfig(context), source);
  }
  const shown: ShownRun[] = [];
  let count = 0;
  const show = (run: ShownRun) => {
    count++;
    if (json) printJson(jsonOf(run));
    else shown.push(run);
  };
  if (unchanged && !failed && (day === undefined || unchanged.receipt.finishedAt.startsWith(day))) show(unchanged);
  for (const path of paths.toReversed()) {
    if (count === limit) break;
    const receipt = await readReceipt(store, path);
    if (receipt && (!failed || receipt.outcome === 'failed')) show({ receipt });
  }
  if (json) return;
  const which = `${failed ? 'failed ' : ''}runs of ${source}${day === undefined ? '' : ` on ${day}`}`;
  if (shown.length === 0) return printInfo(`no ${which}`);
  printLines(runsTable(shown, terminalOf(process.stdout).columns, new Date()));
  if (count === limit)
    printInfo(`showing the latest ${count} ${which}; use --limit for more, --day for one day, --json for all`);
}

/** Runs as a table, with the error of each failed run. */
export function runsTable(runs: readonly ShownRun[], columns: number, now: Date): string {
  const rows = runs.map(({ receipt, unchanged }) => {
    const { finishedAt, outcome } = receipt;
    const what = receipt.outcome === 'failed' ? errorOf(receipt) : countsOf(receipt).join(', ');
    const warnings = receipt.warnings?.length ?? 0;
    const warned = warnings === 0 ? '' : `, ${warnings === 1 ? '1 warning' : `${warnings} warnings`}`;
    const since = unchanged ? `, ${unchanged.count} polls since ${clock(unchanged.since, columns, now)}` : '';
    return [clock(finishedAt, columns, now), outcome, tookText(receipt), what + warned + since];
  });
  return formatTable(['ended', 'outcome', 'took', 'counts or error'], rows, columns);
}

function errorOf({ error }: FailedReceipt): string {
  return `${error.type}: ${error.message}`;
}

/** The latest unchanged poll, with how many there were since the last receipt, or since a time; null if there was none. */
async function unchangedPolls(
  store: BlobStore,
  source: string,
  lastPath: string | undefined,
): Promise<ShownRun | null> {
  const run = (await readLastRuns(store)).get(source);
  if (!run) return null;
  const storedAt = lastPath === undefined ? null : (storePaths.receipt.parse(lastPath)?.finishedAt ?? null);
  const unchanged = unchangedSince(run, storedAt);
  return unchanged && { receipt: run.receipt, unchanged };
}

/** The receipt; that of several unchanged polls says how many they are. */
function jsonOf({ receipt, unchanged }: ShownRun): object {
  return unchanged ? { ...receipt, unchangedPolls: unchanged.count, unchangedSince: unchanged.since } : receipt;
}
