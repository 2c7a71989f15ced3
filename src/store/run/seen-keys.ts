import { itemsWithKeys, keysInItems } from '../../domain/state/named-blobs.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import { storePaths } from '../paths/paths.ts';
import { contentName, readHashed } from '../blobs/stored-json.ts';
import { keysIn } from './feed-items.ts';

/** Digests that are kept in memory between the fetches of runs. */
const cachedDigests = 500_000;

/** Keys and contents of earlier polls, as digests in blobs by name. */
export interface SeenKeys {
  /** The digests of the blobs together. A blob that is gone or damaged costs work, not data. */
  read(source: string, names: readonly string[]): Promise<ReadonlySet<string>>;
  /** Stores digests unless one of `present` holds just these; returns the blob's name. */
  write(source: string, digests: readonly string[], present: readonly string[]): Promise<string>;
  /** Notes that the items of a feed hold these digests, too; returns the name for them. */
  inItems(source: string, items: string, digests: readonly string[]): string;
  /** Deletes the blobs of a source but these. */
  keepOnly(source: string, names: readonly string[]): Promise<void>;
  /** Deletes these blobs of a source. */
  drop(source: string, names: readonly string[]): Promise<void>;
}

export function createSeenKeys(store: BlobStore): SeenKeys {
  const cache = new Map<string, ReadonlySet<string>>();
  /** Names of blobs that are known to be there and whole, by source: those that its last poll named. */
  const whole = new Map<string, Set<string>>();
  const wholeOf = (source: string) => {
    const names = whole.get(source) ?? new Set<string>();
    whole.set(source, names);
    return names;
  };

  function remember(key: string, digests: ReadonlySet<string>): void {
    cache.set(key, digests);
    let total = [...cache.values()].reduce((sum, set) => sum + set.size, 0);
    for (const [oldest, set] of cache) {
      if (total <= cachedDigests || oldest === key) break;
      cache.delete(oldest);
      total -= set.size;
    }
  }

  async function deleteAll(source: string, paths: readonly string[]): Promise<void> {
    for (const path of paths) {
      wholeOf(source).delete(storePaths.pollKeys.parse(path)?.name ?? '');
      cache.delete(path);
    }
    // The items of a feed are deleted by their own store.
    const own = paths.filter((path) => storePaths.pollKeys.parse(path) !== null);
    await Promise.all(own.map((path) => store.delete(path)));
  }

  async function readBlob(source: string, name: string): Promise<string[] | null> {
    const items = itemsWithKeys(name);
    const blob = await readHashed(store, pathOf(source, name), items ?? name, 'the keys of a poll');
    if (blob === null) return null;
    return items === null ? blob.toString().split('\n') : keysIn(blob.toString());
  }

  return {
    async read(source, names) {
      if (names.length === 0) return new Set();
      const key = names.map((name) => pathOf(source, name)).join();
      const cached = cache.get(key);
      if (cached) return cached;
      const blobs = await Promise.all(names.map((name) => readBlob(source, name)));
      for (const [index, name] of names.entries()) if (blobs[index]) wholeOf(source).add(name);
      const all = new Set(blobs.flatMap((digests) => digests ?? []));
      // The next poll may write one again that is missing.
      if (!blobs.includes(null)) remember(key, all);
      return all;
    },

    async write(source, digests, present) {
      const distinct = [...new Set(digests)].sort();
      const content = distinct.join('\n');
      const name = contentName(content);
      const path = pathOf(source, name);
      // One that this worker has neither read nor written may be missing, or damaged.
      const known = wholeOf(source);
      if (!present.includes(name) || !known.has(name)) {
        // One that is there already may be damaged.
        const isOwn = await store.putIfAbsent(path, content);
        if (isOwn) remember(path, new Set(distinct));
      }
      // Other workers delete those that no state names.
      for (const other of known) if (!present.includes(other)) known.delete(other);
      known.add(name);
      return name;
    },

    inItems(source, items, digests) {
      const name = keysInItems(items);
      remember(pathOf(source, name), new Set(digests));
      return name;
    },

    async keepOnly(source, names) {
      const kept = new Set(names.map((name) => pathOf(source, name)));
      const paths = await store.list(storePaths.pollKeys.folder({ source }));
      await deleteAll(
        source,
        paths.filter((path) => !kept.has(path)),
      );
    },

    drop: (source, names) =>
      deleteAll(
        source,
        names.map((name) => pathOf(source, name)),
      ),
  };
}

function pathOf(source: string, name: string): string {
  const items = itemsWithKeys(name);
  return items === null
    ? storePaths.pollKeys.build({ source, name })
    : storePaths.feedItems.build({ source, name: items });
}
