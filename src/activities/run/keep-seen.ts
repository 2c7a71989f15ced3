import type { SourceState } from '../../domain/state/source-state.ts';
import type { Collected } from '../../sources/collect/collect.ts';
import { withKeys } from '../../store/run/feed-items.ts';
import type { Uses } from '../support/dependencies.ts';

/** Stores what the next poll compares with. A feed that is read at once needs one blob for its items and for the keys of the poll. */
export async function keepSeen(
  { pollKeys, feedItems }: Uses<'pollKeys' | 'feedItems'>,
  source: string,
  state: SourceState,
  { position, digests, itemMemory, end }: Pick<Collected, 'position' | 'digests' | 'itemMemory' | 'end'>,
): Promise<{ readonly items: string | null; readonly keys: string | null }> {
  const keeps = position.keysKept !== null && digests.length > 0;
  const inItems = keeps && end !== null && position.keyBlobs.length === 0;
  const writeKeys = async () => (keeps ? pollKeys.write(source, digests, state.previousPoll) : null);
  if (itemMemory === null) return { items: null, keys: await writeKeys() };
  const text = inItems ? withKeys(itemMemory, digests) : itemMemory;
  const items = await feedItems.write(source, text, state.feedItems ?? null);
  return { items, keys: inItems ? pollKeys.inItems(source, items, digests) : await writeKeys() };
}
