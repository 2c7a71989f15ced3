import type { RunRef } from '../../domain/run/batch.ts';
import { hideReplayed } from '../../store/dead-letters/dead-letter-visibility.ts';
import { readReplayed } from '../../store/dead-letters/replay-plan.ts';
import type { Uses } from '../support/dependencies.ts';

export interface SettleReplayInput {
  readonly run: RunRef;
  /** Names the note of the page's dead letters. */
  readonly taken: string;
  readonly number: number;
}

/**
 * Hides the dead letters whose records both sinks have settled, and those replaced by others. Safe to repeat because it writes the
 * same blob again.
 */
export function createSettleReplay({ store }: Uses<'store'>) {
  return async function settleReplay({ run, taken, number }: SettleReplayInput): Promise<void> {
    const letters = await readReplayed(store, run, taken);
    if (letters && letters.ids.length > 0) await hideReplayed(store, run, number, letters);
  };
}
