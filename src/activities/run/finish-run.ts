import { log } from '@temporalio/activity';
import type { BatchRef } from '../../domain/run/batch.ts';
import { ReceiptUnbalanced } from '../../domain/errors.ts';
import { isUnchangedPoll } from '../../domain/run/last-run.ts';
import { imbalance } from '../../domain/run/receipt.ts';
import type { SourceState } from '../../domain/state/source-state.ts';
import { hasEndedWell } from '../../store/run/receipts.ts';
import { createBodyCopies } from '../../store/run/body-copies.ts';
import type { Uses } from '../support/dependencies.ts';
import type { createReleaseBatches } from './release-batches.ts';
import type { createSaveReceipt, SaveReceiptInput, SaveReceiptResult } from './save-receipt.ts';
import type { createSaveState } from './save-state.ts';

export interface FinishRunInput extends Omit<SaveReceiptInput, 'state' | 'isSuperseded'> {
  /** The state to save; absent where it is as it was. */
  readonly state?: SourceState;
  /** The state as it was, where it is not to be saved and the run knows it. */
  readonly sameState?: SourceState;
  /** The poll is over: blobs that its state does not name are no longer needed. */
  readonly clean: boolean;
  /** See `SaveStateInput`. */
  readonly before?: SourceState;
  /** Batches that both sinks have settled. */
  readonly release: readonly BatchRef[];
}

/** The other activities, which do the parts. */
interface Steps {
  readonly saveState: ReturnType<typeof createSaveState>;
  readonly saveReceipt: ReturnType<typeof createSaveReceipt>;
  readonly releaseBatches: ReturnType<typeof createReleaseBatches>;
}

/**
 * The last step of a run: checks that the counts add up, then saves the state, the receipt with its alerts, and releases what is
 * stored. Safe to repeat because each of these is.
 * @param isLate see `saveReceipt`
 */
export function createFinishRun({ saveState, saveReceipt, releaseBatches, store }: Steps & Uses<'store'>) {
  return async function finishRun(options: FinishRunInput, isLate = () => false): Promise<SaveReceiptResult> {
    const { state: changed, sameState, clean, before, release, ...input } = options;
    const { receipt } = input;
    const { source } = receipt;
    const state = changed && withReceipt(changed, receipt);
    const problem = receipt.outcome === 'failed' ? null : imbalance(receipt);
    if (problem !== null) throw new ReceiptUnbalanced(`receipt: ${problem}`);
    if (receipt.outcome === 'failed' && input.again && (await hasEndedWell(store, receipt))) {
      log.warn('The run failed after a step that was lost had ended it; the receipt of that step stays', { source });
      return { notify: false };
    }
    const isSaved = state && (await saveState({ source, state, clean, ...(before ? { before } : {}) }));
    const after = state ?? sameState;
    const saving: SaveReceiptInput = {
      ...input,
      ...(after ? { state: after } : {}),
      ...(isSaved === undefined ? {} : { isSuperseded: !isSaved }),
      // Nothing was saved: a command that came meanwhile has come after this poll.
      ...(sameState && isUnchangedPoll(receipt) && input.alertsSince !== undefined ? { isSuperseded: false } : {}),
    };
    const saved = await saveReceipt(saving, isLate);
    if (release.length > 0) await releaseBatches({ source, batches: release });
    // A run that failed may have begun some that are in no position.
    if (input.poll?.end?.copied || receipt.outcome === 'failed')
      await createBodyCopies(store, source, receipt.runId).clear();
    return saved;
  };
}

/** Other workers see in the state that a receipt was stored: unchanged polls count from it. */
function withReceipt(state: SourceState, receipt: FinishRunInput['receipt']): SourceState {
  return isUnchangedPoll(receipt) ? state : { ...state, receiptAt: receipt.finishedAt };
}
