import { ActivityFailure, isCancellation, log } from '@temporalio/workflow';
import type { PairSide } from '../../domain/storage/store-pair.ts';
import { settlingActivities } from '../activities.ts';

/** Closes the alert of a side that was restored. The stored records stay, whether or not that succeeds. */
export async function settleRestored(side: PairSide): Promise<void> {
  try {
    await settlingActivities().settleRestored({ side });
  } catch (error) {
    if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
    log.warn('The alert of the restored side stays open', { side, error: error.cause?.message ?? error.message });
  }
}
