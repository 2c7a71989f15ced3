import { log } from '@temporalio/activity';
import type { AlertVerdict } from '../domain/alert.ts';
import type { FailedReceipt, Receipt } from '../domain/receipt.ts';
import { writeReceipt } from '../store/receipts.ts';
import type { WindowText } from '../domain/windows.ts';
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
    const { source, outcome, fetched, accepted } = receipt;
    const redact = redactorFor(source, dependencies);
    return runAdapter(redact, async () => {
      if (window) await writeWindow(dependencies.store, window, receipt);
      else {
        await writeReceipt(dependencies.store, receipt);
        dependencies.onReceipt(receipt);
      }
      log.info('Run finished', { source, outcome, fetched, accepted, written: receipt.postgres.written });
      return { notify: await settleAndLog(dependencies, source, verdicts, redact) };
    });
  };
}
