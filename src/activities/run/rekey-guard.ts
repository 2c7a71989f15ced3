import { DamagedFile, RekeyUnfinished } from '../../domain/errors.ts';
import { idText } from '../../domain/state/id-change.ts';
import type { BlobStore } from '../../store/blobs/blob-store.ts';
import { readIdRule, ruledSources } from '../../store/run/id-rules.ts';

/**
 * Sources whose stored records have, or may have, former ids in part because `rekey` is running or was interrupted: a run or a
 * replay would store them again, and a rewrite of their journal would lose lines or write them twice.
 * @param sources null = all
 * @returns a message for each
 */
export async function halfMoved(
  store: BlobStore,
  sources: readonly string[] | null,
): Promise<ReadonlyMap<string, RekeyUnfinished | DamagedFile>> {
  const found = new Map<string, RekeyUnfinished | DamagedFile>();
  for (const source of sources ?? (await ruledSources(store))) {
    const problem = await problemOf(store, source);
    if (problem) found.set(source, problem);
  }
  return found;
}

/** By store and source: the epoch of the state that was read before it was found that there is no rule. */
const withoutRule = new WeakMap<BlobStore, Map<string, number>>();

/**
 * @param epoch of the state of the source, which was read before; null = it has none, or is not known. `rekey` writes its rule, and then
 * a new epoch, before it changes anything: at an epoch at which there was no rule there still is none
 * @throws RekeyUnfinished, DamagedFile
 */
export async function assertRekeyFinished(
  store: BlobStore,
  source: string,
  epoch: number | null = null,
): Promise<void> {
  const known = withoutRule.get(store) ?? new Map<string, number>();
  withoutRule.set(store, known);
  if (epoch !== null && known.get(source) === epoch) return;
  const problem = await problemOf(store, source, () => epoch !== null && known.set(source, epoch));
  if (problem) throw problem;
}

/** @param onNone called where there is no rule */
async function problemOf(
  store: BlobStore,
  source: string,
  onNone: () => unknown = () => {},
): Promise<RekeyUnfinished | DamagedFile | null> {
  try {
    const rule = await readIdRule(store, source);
    if (rule === null) onNone();
    if (rule === null || rule.done) return null;
    return new RekeyUnfinished(
      `rekey: the ids of ${source} are only partly moved because ./daybook rekey ${source} was interrupted; pause ${source} and run the command again, with ${source} and its id ${idText(rule.id)} in the configuration`,
    );
  } catch (error) {
    if (error instanceof DamagedFile) return error;
    throw error;
  }
}
