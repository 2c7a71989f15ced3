import type { FilePosition } from '../../domain/state/fetch-position.ts';
import { areSame, countBlocks } from './block-digests.ts';
import { lookAt, stampOf } from './open-file.ts';
import { beginning, isStamped } from './reading-start.ts';
import type { FileToRead } from './record-reader.ts';

/**
 * Where a run continues in a file: at the position, or at the start if the file was rewritten since the run reached it. Between two
 * fetches a worker may be killed and hours may pass: continued in another text, the run would begin within a row.
 * @param isOpen whether the file is still open at the place: then reading continues, even if it was deleted or another file took
 * its name
 */
export async function currentPosition(file: FileToRead, from: FilePosition, isOpen: boolean): Promise<FilePosition> {
  const { plan, path, at, blocks } = file;
  if (from.offset === 0 || blocks === undefined) return from;
  const stamp = await stampOf(plan.name, path, at).catch((error: unknown) => {
    if (isOpen) return null;
    throw error;
  });
  if (stamp === null || isStamped(from, stamp) || (isOpen && from.inode !== stamp.inode)) return from;
  const count = countBlocks(blocks);
  const compared = [0, count - 2, count - 1].filter((block) => block >= 0);
  if (await areSame(file, blocks, new Set(compared))) return from;
  const look = await lookAt(plan.name, path, stamp, at);
  return { ...beginning(from.path, look), files: from.files, checkedMs: Date.now() };
}
