import { log } from '@temporalio/activity';
import type { SourceState } from '../../domain/state/source-state.ts';
import { isSuperseded, writeState } from '../../store/run/states.ts';
import type { Uses } from '../support/dependencies.ts';

export interface SaveStateInput {
  readonly source: string;
  readonly state: SourceState;
  /** The poll is over: blobs that this state does not name are no longer needed. */
  readonly clean: boolean;
}

/**
 * Stores the state of the source, unless a command has changed it since the run began: then the command's state stays. Safe to
 * repeat because it replaces the blob whole; a late attempt puts an earlier claim back, which costs work, never data.
 */
export function createSaveState(dependencies: Uses<'store' | 'pollKeys' | 'fileProgress' | 'feedItems'>) {
  return async function saveState({ source, state, clean }: SaveStateInput): Promise<void> {
    if (await isSuperseded(dependencies.store, source, state.epoch ?? 0)) {
      log.info('State not saved: a command changed it after the run started', { source });
      return;
    }
    await writeState(dependencies.store, source, state);
    if (!clean) return;
    await dependencies.pollKeys.keepOnly(source, [...state.previousPoll, ...(state.unfinished?.keyBlobs ?? [])]);
    await dependencies.fileProgress.keepOnly(source, state.files);
    await dependencies.feedItems.keepOnly(source, state.feedItems ?? null);
  };
}
