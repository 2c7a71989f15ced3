import type { SourceState } from './source-state.ts';

/** Names of the blobs that belong to a state. */
export interface NamedBlobs {
  /** Of `polls`, or `items-<name>`: keys that are in a blob of `feed-items`. */
  readonly keys: readonly string[];
  /** Of `files`. */
  readonly files: readonly string[];
  /** Of `feed-items`. */
  readonly items: readonly string[];
}

const inItems = 'items-';

/** The name of keys that are in a blob of `feed-items`. */
export function keysInItems(items: string): string {
  return `${inItems}${items}`;
}

/** The blob of `feed-items` that has the keys; null = they have a blob of their own. */
export function itemsWithKeys(keys: string): string | null {
  return keys.startsWith(inItems) ? keys.slice(inItems.length) : null;
}

export function namedBlobs({ previousPoll, unfinished, files, feedItems }: SourceState): NamedBlobs {
  const keys = [...new Set([...previousPoll, ...(unfinished?.keyBlobs ?? [])])];
  const items = [
    ...(typeof feedItems === 'string' ? [feedItems] : []),
    ...keys.flatMap((name) => itemsWithKeys(name) ?? []),
  ];
  return { keys, files: files === null ? [] : [files], items: [...new Set(items)] };
}

/** The blobs of a state that are not those of the next one. Where the next one has no items, those of before stay: they are still valid. */
export function unnamedBlobs(before: SourceState, next: SourceState): NamedBlobs {
  const [former, kept] = [namedBlobs(before), namedBlobs(next)];
  const without = (names: readonly string[], others: readonly string[]) =>
    names.filter((name) => !others.includes(name));
  return {
    keys: without(former.keys, kept.keys),
    files: without(former.files, kept.files),
    items: kept.items.length === 0 ? [] : without(former.items, kept.items),
  };
}
