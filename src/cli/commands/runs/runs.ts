import { findSource } from '../../../config/file/find-source.ts';
import type { FailedReceipt, Receipt } from '../../../domain/run/receipt.ts';
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

/** `daybook runs`: receipts of past runs of a source, the newest first. Needs no server. */
export async function runsCommand(source: string, options: RunsOptions): Promise<void> {
  const { day, failed = false, json = false } = options;
  const limit = options.limit === undefined ? (json ? Infinity : usualLimit) : Number(options.limit);
  if (limit !== Infinity && !(Number.isInteger(limit) && limit >= 1)) {
    throw new UsageError(`--limit: found "${options.limit}", expected a number from 1`);
  }
  const context = createContext(options);
  const store = openStoreToRead(context);
  const paths = await listReceipts(store, source, day === undefined ? undefined : parseDay(day));
  // A source that is gone from the configuration still has its receipts.
  if (paths.length === 0 && (await listReceipts(store, source)).length === 0) findSource(loadConfig(context), source);
  const shown: (Receipt | FailedReceipt)[] = [];
  let count = 0;
  for (const path of paths.toReversed()) {
    if (count === limit) break;
    const receipt = await readReceipt(store, path);
    if (!receipt || (failed && receipt.outcome !== 'failed')) continue;
    count++;
    if (json) printJson(receipt);
    else shown.push(receipt);
  }
  if (json) return;
  const which = `${failed ? 'failed ' : ''}runs of ${source}${day === undefined ? '' : ` on ${day}`}`;
  if (shown.length === 0) return printInfo(`no ${which}`);
  printLines(runsTable(shown, terminalOf(process.stdout).columns, new Date()));
  if (count === limit)
    printInfo(`showing the latest ${count} ${which}; use --limit for more, --day for one day, --json for all`);
}

/** Runs as a table, with the error of each failed run. */
export function runsTable(receipts: readonly (Receipt | FailedReceipt)[], columns: number, now: Date): string {
  const rows = receipts.map((receipt) => {
    const { finishedAt, outcome } = receipt;
    const what = receipt.outcome === 'failed' ? errorOf(receipt) : countsOf(receipt).join(', ');
    const warnings = receipt.warnings?.length ?? 0;
    const warned = warnings === 0 ? '' : `, ${warnings === 1 ? '1 warning' : `${warnings} warnings`}`;
    return [clock(finishedAt, columns, now), outcome, tookText(receipt), what + warned];
  });
  return formatTable(['ended', 'outcome', 'took', 'counts or error'], rows, columns);
}

function errorOf({ error }: FailedReceipt): string {
  return `${error.type}: ${error.message}`;
}
