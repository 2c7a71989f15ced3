import type { SourceState } from '../../domain/state/source-state.ts';
import type { BlobStore } from '../../store/blobs/blob-store.ts';
import { readState } from '../../store/run/states.ts';

/**
 * What the stored state of a source says of its parents: another run, which was open at the same time, may have saved it. Null where a command, or another
 * configuration, has changed it since this run began.
 */
export async function storedProgress(
  store: BlobStore,
  source: string,
  { epoch = 0, fetchFingerprint }: Pick<SourceState, 'epoch' | 'fetchFingerprint'>,
): Promise<string | null> {
  const stored = await readState(store, source);
  if (stored.state === null || stored.epoch !== epoch || stored.state.fetchFingerprint !== fetchFingerprint)
    return null;
  return stored.state.fanOut ?? null;
}
