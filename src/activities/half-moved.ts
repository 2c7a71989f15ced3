import { RekeyUnfinished } from '../domain/errors.ts';
import type { BlobStore } from '../store/blob-store.ts';
import { readIdRule, readIdRules, type IdRule } from '../store/id-rules.ts';

/**
 * What is stored of a source has its former ids in part, where `rekey` was cut off: a run or a replay would store it again.
 * @param sources null = all
 * @throws RekeyUnfinished
 */
export async function refuseHalfMoved(store: BlobStore, sources: readonly string[] | null): Promise<void> {
  const rules = sources === null ? await readIdRules(store) : await rulesOf(store, sources);
  for (const [source, rule] of rules) {
    if (rule === null || rule.done) continue;
    throw new RekeyUnfinished(
      `rekey: found ids of ${source} moved in part, expected ./daybook rekey ${source} to have ended; pause ${source}, and run it again`,
    );
  }
}

async function rulesOf(store: BlobStore, sources: readonly string[]): Promise<ReadonlyMap<string, IdRule | null>> {
  const rules = sources.map(async (source) => [source, await readIdRule(store, source)] as const);
  return new Map(await Promise.all(rules));
}
