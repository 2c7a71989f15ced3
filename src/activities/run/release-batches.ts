import { inParallel } from '../../domain/in-parallel.ts';
import type { BatchRef } from '../../domain/run/batch.ts';
import { deleteBatch } from '../../store/delivery/batches.ts';
import { isDeferred } from '../../store/delivery/deferred.ts';
import type { Uses } from '../support/dependencies.ts';

/** Batches that are released at once. */
const atOnce = 8;

export interface ReleaseBatchesInput {
  readonly source: string;
  readonly batches: readonly BatchRef[];
}

/** Deletes batches that both sinks have settled. Safe to repeat because a deleted batch stays deleted. */
export function createReleaseBatches({ store, recentBatches }: Uses<'store' | 'recentBatches'>) {
  return async function releaseBatches({ batches }: ReleaseBatchesInput): Promise<void> {
    await inParallel(batches, atOnce, async (batch) => {
      recentBatches.drop(batch);
      // An abandoned attempt may have deferred what a later one wrote.
      if (!(await isDeferred(store, batch))) await deleteBatch(store, batch);
    });
  };
}
