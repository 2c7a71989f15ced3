import type { SourceState } from './source-state.ts';

/** Names of the blobs that belong to a state. */
export interface NamedBlobs {
  /** Of `polls`. */
  readonly keys: readonly string[];
  /** Of `files`. */
  readonly files: readonly string[];
  /** Of `feed-items`. */
  readonly items: readonly string[];
}

export function namedBlobs({ previousPoll, unfinished, files, feedItems }: SourceState): NamedBlobs {
  return {
    keys: [...new Set([...previousPoll, ...(unfinished?.keyBlobs ?? [])])],
    files: files === null ? [] : [files],
    items: typeof feedItems === 'string' ? [feedItems] : [],
  };
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
