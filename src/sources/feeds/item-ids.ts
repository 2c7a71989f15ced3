import type { FeedItem } from './feed-item.ts';
import { contentMark, keyMark, narrowHash, wideHash, type EmptyKeys } from './item-marks.ts';
import { noOwner, type ItemMemory, type Owner } from './item-memory.ts';

/** An item that looks for its id. */
interface Claimant {
  readonly item: FeedItem;
  readonly guid: string | null;
  readonly link: string | null;
  readonly pair: string;
  readonly content: string;
  id: string | null;
  /** Another item has the guid, and the same link: neither tells which item this is. */
  hasRival: boolean;
}

/**
 * The ids of a feed's items: the guid, else the link, else a hash. The first item that was seen with a key keeps it for good,
 * also where it is edited but keeps guid and link; another item with the key takes its link, and a hash where that belongs
 * to another one too. Null for an item that is empty, or cut off.
 */
export function settleIds(items: readonly FeedItem[], memory: ItemMemory, keys: EmptyKeys): (string | null)[] {
  const claimants = items.map((item): Claimant => {
    const guid = keys.meaningful(item.guid);
    const link = keys.meaningful(item.link);
    return { item, guid, link, pair: keys.pairMark(guid, link), content: contentMark(item), id: null, hasRival: false };
  });
  // What is known of an item that breaks off may be half of it.
  const whole = claimants.filter(({ item }) => !item.cut);
  claim(whole, ({ guid }) => guid, memory, sharedGuids(whole));
  claim(whole.filter(isOpen), ({ link }) => link, memory);
  const hashed = whole.filter(isOpen).map((claimant) => ({ ...claimant, pair: ofHash }));
  claim(hashed, ({ item }) => narrowHash(item), memory);
  const hashes = new Map(hashed.map(({ item, id }) => [item, id ?? wideHash(item)]));
  return claimants.map(({ item, id }) => id ?? hashes.get(item) ?? null);
}

/** The pair of items that have no other key than a hash. */
const ofHash = 'hash';

function isOpen({ id }: Claimant): boolean {
  return id === null;
}

/** Gives the items that may have their key that key as id. @param shared keys that stand for several items */
function claim(
  claimants: readonly Claimant[],
  keyOf: (claimant: Claimant) => string | null,
  memory: ItemMemory,
  shared: ReadonlySet<string> = new Set(),
): void {
  for (const [key, group] of groupsBy(claimants, keyOf)) {
    const mark = keyMark(key);
    const owner = memory.get(mark) ?? firstOwner(group, memory, shared.has(key));
    const fitting = group.filter(({ pair }) => pair === owner.pair);
    const [first] = fitting;
    const isContested =
      owner.isContested || fitting.some(({ content, hasRival }) => hasRival || content !== first?.content);
    const granted = isContested ? fitting.filter(({ content }) => content === owner.content) : fitting;
    for (const claimant of fitting) claimant.hasRival = true;
    for (const claimant of granted) claimant.id = key;
    // The owner may have been edited.
    memory.set(mark, { ...owner, isContested, content: granted[0]?.content ?? owner.content });
  }
}

/** The owner of a key that is new to the source. */
function firstOwner(group: readonly Claimant[], { unknown }: ItemMemory, isShared: boolean): Owner {
  const [first] = group;
  if (!first || isShared || unknown === 'taken') return noOwner;
  const { pair, content } = first;
  if (unknown === 'free_for_one' && group.some((other) => other.content !== content)) return noOwner;
  return { pair, content, isContested: false };
}

function groupsBy(
  claimants: readonly Claimant[],
  keyOf: (claimant: Claimant) => string | null,
): Map<string, Claimant[]> {
  const groups = new Map<string, Claimant[]>();
  for (const claimant of claimants) {
    const key = keyOf(claimant);
    if (key === null) continue;
    const group = groups.get(key);
    if (group) group.push(claimant);
    else groups.set(key, [claimant]);
  }
  return groups;
}

/** Guids that stand for several items: their links, or without links their titles, differ. */
function sharedGuids(claimants: readonly Claimant[]): Set<string> {
  const first = new Map<string, string>();
  const shared = new Set<string>();
  for (const { guid, link, item } of claimants) {
    if (guid === null) continue;
    const known = first.get(guid);
    const mark = link === null ? `title ${item.title ?? ''}` : `link ${link}`;
    if (known === undefined) first.set(guid, mark);
    else if (known !== mark) shared.add(guid);
  }
  return shared;
}
