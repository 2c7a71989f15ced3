import { log } from '@temporalio/activity';
import { namedBlobs, unnamedBlobs } from '../../domain/state/named-blobs.ts';
import type { SourceState } from '../../domain/state/source-state.ts';
import { isSuperseded, writeState } from '../../store/run/states.ts';
import type { Uses } from '../support/dependencies.ts';

export interface SaveStateInput {
  readonly source: string;
  readonly state: SourceState;
  /** The poll is over: blobs that this state does not name are no longer needed. */
  readonly clean: boolean;
  /** The state that the run began with, where all other blobs are known to be named by it; else the blobs are listed. */
  readonly before?: SourceState;
}

/**
 * Stores the state of the source, unless a command has changed it since the run began: then the command's state stays. Safe to
 * repeat because it replaces the blob whole; a late attempt puts an earlier claim back, which costs work, never data.
 */
export function createSaveState(dependencies: Uses<'store' | 'pollKeys' | 'fileProgress' | 'feedItems' | 'fanOut'>) {
  /** @returns whether it was stored */
  return async function saveState({ source, state, clean, before }: SaveStateInput): Promise<boolean> {
    const { store, pollKeys, fileProgress, feedItems, fanOut } = dependencies;
    if (await isSuperseded(store, source, state.epoch ?? 0)) {
      log.info('State not saved: a command changed it after the run started', { source });
      return false;
    }
    await writeState(store, source, state);
    if (!clean) return true;
    if (state.fanOut !== undefined || before?.fanOut !== undefined) {
      const names = await fanOut.clean(source, state.fanOut);
      await pollKeys.keepOnly(source, [...namedBlobs(state).keys, ...names.keys]);
      return true;
    }
    if (before) {
      const unnamed = unnamedBlobs(before, state);
      await Promise.all([
        pollKeys.drop(source, unnamed.keys),
        fileProgress.drop(source, unnamed.files),
        // What a command took from the state may be there still, and would be taken for the memory if it is asked for once more.
        hasItems(before) || !hasItems(state)
          ? feedItems.drop(source, unnamed.items)
          : feedItems.keepOnly(source, state.feedItems ?? null),
      ]);
      return true;
    }
    await pollKeys.keepOnly(source, namedBlobs(state).keys);
    await fileProgress.keepOnly(source, state.files);
    await feedItems.keepOnly(source, state.feedItems ?? null);
    return true;
  };
}

function hasItems({ feedItems }: SourceState): boolean {
  return typeof feedItems === 'string';
}
