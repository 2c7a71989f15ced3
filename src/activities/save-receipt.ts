import { log } from '@temporalio/activity';
import type { AlertVerdict } from '../domain/alert.ts';
import { sinks, type FailedReceipt, type Receipt } from '../domain/receipt.ts';
import type { Redact } from '../domain/redact.ts';
import { listDeferred } from '../store/deferred.ts';
import { writeReceipt } from '../store/receipts.ts';
import { windowName, type WindowText } from '../domain/windows.ts';
import { writeWindow } from '../store/windows.ts';
import { settleAndLog } from './alerts.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { runAdapter } from './run-adapter.ts';
import { redactorFor } from './source-access.ts';

export interface SaveReceiptInput {
  readonly receipt: Receipt | FailedReceipt;
  /** What the run says of the source's alerts. */
  readonly verdicts: readonly AlertVerdict[];
  /** Set where this was a window of a backfill: it is no run of the source's own. */
  readonly window?: WindowText;
}

export interface SaveReceiptResult {
  /** Alerts wait to be told. */
  readonly notify: boolean;
}

/** Stores the receipt of a run, and what it says of alerts. Safe to repeat because its name is that of the run. */
export function createSaveReceipt(dependencies: ActivityDependencies) {
  return async function saveReceipt({ receipt, verdicts, window }: SaveReceiptInput): Promise<SaveReceiptResult> {
    const { source } = receipt;
    const redact = redactorFor(source, dependencies);
    return runAdapter(redact, async () => {
      if (window) await writeWindow(dependencies.store, window, receipt);
      else await writeReceipt(dependencies.store, receipt);
      logRun(receipt, window, redact);
      await settleAndLog(dependencies, source, verdicts, redact);
      // What waited may have been delivered before its alert was opened; then nobody else would resolve it.
      const resolved = await delivered(dependencies, source, verdicts);
      const notify = await settleAndLog(dependencies, source, resolved, redact);
      if (!window) dependencies.onReceipt(receipt);
      return { notify };
    });
  };
}

function logRun(receipt: Receipt | FailedReceipt, window: WindowText | undefined, redact: Redact): void {
  const { source, outcome, fetched, accepted, rejected, unchanged, csv, postgres, pages, batches } = receipt;
  const fields = {
    ...{ source, outcome, ...(window ? { window: windowName(window) } : {}) },
    ...{ fetched, accepted, rejected, unchanged, pages, batches, written: postgres.written },
    deferred: csv.deferred + postgres.deferred,
    durationMs: Date.parse(receipt.finishedAt) - Date.parse(receipt.startedAt),
  };
  if (receipt.outcome !== 'failed') return log.info('Run finished', fields);
  const { type, message } = receipt.error;
  log.warn('Run failed', { ...fields, errorType: type, error: redact(message) });
}

/** Alerts of batches that wait no more. */
async function delivered(
  { store }: ActivityDependencies,
  source: string,
  verdicts: readonly AlertVerdict[],
): Promise<AlertVerdict[]> {
  const resolved: AlertVerdict[] = [];
  for (const sink of sinks) {
    const name = `deferred_${sink}` as const;
    const isOpened = verdicts.some((verdict) => verdict.name === name && verdict.message !== null);
    if (isOpened && (await listDeferred(store, sink, source)).length === 0) resolved.push({ name, message: null });
  }
  return resolved;
}
