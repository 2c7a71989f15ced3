import type { FilePosition } from '../../domain/state/fetch-position.ts';
import type { FilesProgress } from '../../domain/state/file-progress.ts';
import type { SourceState } from '../../domain/state/source-state.ts';
import { fileError } from './file-error.ts';
import { formatOf } from './file-format.ts';
import { lookAt, stampOf } from './open-file.ts';
import { mayHaveChanged, startPosition } from './reading-start.ts';
import type { FileToRead } from './record-reader.ts';

/** The name of a single file in the blob beside its state, which keeps the digests of its blocks. */
export const singleFile = '';

/**
 * Where a run over a single file begins; null if it has nothing new.
 * @param kept the blob beside the state
 * @throws SourceRefused if there is no such file
 */
export async function firstFilePosition(
  { plan, path, at }: FileToRead,
  state: SourceState,
  kept: FilesProgress = new Map(),
): Promise<FilePosition | null> {
  const known = state.file ?? undefined;
  const stamp = await stampOf(plan.name, path, at);
  if (!mayHaveChanged(known, stamp)) return null;
  const look = await lookAt(plan.name, path, stamp, at);
  const beside = kept.get(singleFile);
  // A blob of another time does not fit this one.
  const isOfNow = beside?.headHash === known?.headHash && beside?.size === known?.size;
  const withBlocks = known && isOfNow && beside?.blocks ? { ...known, blocks: beside.blocks } : known;
  const file = { path: plan.path, absolutePath: path, at, format: formatOf(plan, path), known: withBlocks };
  try {
    const place = await startPosition(file, look);
    return place && withBlocks?.blocks ? { ...place, files: state.files } : place;
  } catch (error) {
    throw fileError(plan.name, path, error);
  }
}
