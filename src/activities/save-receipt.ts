import { log } from '@temporalio/activity';
import type { FailedReceipt, Receipt } from '../domain/receipt.ts';
import { writeReceipt } from '../store/receipts.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { runAdapter } from './run-adapter.ts';
import { redactorFor } from './source-access.ts';

export interface SaveReceiptInput {
  readonly receipt: Receipt | FailedReceipt;
  /** Something an operator should know; logged as an alert. */
  readonly alert: { readonly name: string; readonly message: string } | null;
}

/** Stores the receipt of a run. Safe to repeat because its name is that of the run. */
export function createSaveReceipt(dependencies: ActivityDependencies) {
  return async function saveReceipt({ receipt, alert }: SaveReceiptInput): Promise<void> {
    const { source, outcome, fetched, accepted } = receipt;
    const redact = redactorFor(source, dependencies);
    await runAdapter(redact, async () => {
      await writeReceipt(dependencies.store, receipt);
      dependencies.onReceipt(receipt);
      log.info('Run finished', { source, outcome, fetched, accepted, written: receipt.postgres.written });
      if (alert) {
        log.warn('Alert', { event: 'alert', source, name: alert.name, message: redact(alert.message) });
      }
    });
  };
}
