import type { SourceState } from '../domain/state.ts';
import { writeState } from '../store/states.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { runAdapter } from './run-adapter.ts';
import { redactorFor } from './source-access.ts';

export interface SaveStateInput {
  readonly source: string;
  readonly state: SourceState;
  /** Key blobs that the state named before and names no longer. */
  readonly obsoleteKeys: readonly string[];
}

/**
 * Stores what the source remembers. Safe to repeat because it replaces the blob whole; a late attempt puts an earlier
 * claim back, which costs work, never data.
 */
export function createSaveState(dependencies: ActivityDependencies) {
  return async function saveState({ source, state, obsoleteKeys }: SaveStateInput): Promise<void> {
    await runAdapter(redactorFor(source, dependencies), async () => {
      await writeState(dependencies.store, source, state);
      for (const name of obsoleteKeys) await dependencies.pollKeys.delete(source, name);
    });
  };
}
