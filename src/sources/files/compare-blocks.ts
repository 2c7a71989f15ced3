import type { FileBlocks, FileProgress } from '../../domain/state/file-progress.ts';
import { areSame, countBlocks } from './block-digests.ts';
import type { FileLook } from './open-file.ts';
import type { Located } from './places/file-place.ts';

/** A file that grows is compared whole at most so often. */
const wholeEveryMs = 3_600_000;

/** A poll compares no longer than this, far less than a fetch may take: the next one continues. */
const maxComparingMs = 60_000;

/** What a comparison leaves for the next one. */
interface Comparison {
  readonly same: boolean;
  readonly checkedMs?: number;
  readonly nextBlock?: number;
  /** Set if a comparison of all blocks is unfinished. */
  readonly wholeFrom?: number;
}

/**
 * Compares a file with the digests of what was read of it. Of one that grew, the first block, the last two and one in
 * rotation; all of them where it did not grow, is another file by its number, or was not compared whole for an hour.
 */
export async function compareBlocks(
  file: Located,
  known: FileProgress,
  look: FileLook,
  { now = Date.now(), limitMs = maxComparingMs } = {},
): Promise<Comparison> {
  const { blocks, checkedMs, nextBlock = 0, inode } = known;
  // 0.2.0 kept no digests. What did not grow and has another time may be another text of the same length.
  if (blocks === undefined) {
    const isOther = look.size === known.size && known.changedMs !== undefined && known.changedMs !== look.changedMs;
    return { same: !isOther, checkedMs: now };
  }
  const count = countBlocks(blocks);
  const isOtherFile = inode !== undefined && inode !== look.inode;
  const isDue = checkedMs === undefined || now - checkedMs >= wholeEveryMs || now < checkedMs;
  if (look.size === known.size || isOtherFile || isDue) {
    const { same, stoppedAt } = await compareAll(file, blocks, known.wholeFrom ?? 0, limitMs);
    if (stoppedAt === null) return { same, checkedMs: now, nextBlock };
    return { same, ...(checkedMs === undefined ? {} : { checkedMs }), nextBlock, wholeFrom: stoppedAt };
  }
  const between = Math.max(1, count - 3);
  const turn = nextBlock % between;
  const chosen = new Set([0, 1 + turn, count - 2, count - 1].filter((block) => block >= 0 && block < count));
  return { same: await areSame(file, blocks, chosen), checkedMs, nextBlock: turn + 1 };
}

async function compareAll(file: Located, blocks: FileBlocks, from: number, limitMs: number) {
  const startedAt = performance.now();
  const count = countBlocks(blocks);
  for (let block = from; block < count; block++) {
    if (block > from && performance.now() - startedAt >= limitMs) return { same: true, stoppedAt: block };
    if (!(await areSame(file, blocks, [block]))) return { same: false, stoppedAt: null };
  }
  return { same: true, stoppedAt: null };
}
