import { createHash } from 'node:crypto';
import type { BlobStore } from './blob-store.ts';

/** Digests that are kept in memory between the fetches of runs. */
const cachedDigests = 500_000;

/** Keys and contents of earlier polls, as digests in blobs `polls/<source>/<name>`. */
export interface PollKeys {
  /** The digests of the blobs together. A blob that is gone costs work, not data. */
  read(source: string, names: readonly string[]): Promise<ReadonlySet<string>>;
  /** Stores digests unless one of `present` holds just these; returns the blob's name. */
  write(source: string, digests: readonly string[], present: readonly string[]): Promise<string>;
  /** Deletes the blobs of a source but these. */
  keepOnly(source: string, names: readonly string[]): Promise<void>;
}

export function createPollKeys(store: BlobStore): PollKeys {
  const cache = new Map<string, ReadonlySet<string>>();

  function remember(key: string, digests: ReadonlySet<string>): void {
    cache.set(key, digests);
    let total = [...cache.values()].reduce((sum, set) => sum + set.size, 0);
    for (const [oldest, set] of cache) {
      if (total <= cachedDigests || oldest === key) break;
      cache.delete(oldest);
      total -= set.size;
    }
  }

  return {
    async read(source, names) {
      if (names.length === 0) return new Set();
      const key = names.map((name) => pathOf(source, name)).join();
      const cached = cache.get(key);
      if (cached) return cached;
      const blobs = await Promise.all(names.map((name) => store.get(pathOf(source, name))));
      const digests = new Set(blobs.flatMap((blob) => blob?.toString().split('\n') ?? []));
      remember(key, digests);
      return digests;
    },

    async write(source, digests, present) {
      const content = [...new Set(digests)].sort().join('\n');
      const name = createHash('sha256').update(content).digest('hex').slice(0, 32);
      if (!present.includes(name)) await store.putIfAbsent(pathOf(source, name), content);
      return name;
    },

    async keepOnly(source, names) {
      const kept = new Set(names.map((name) => pathOf(source, name)));
      for (const path of await store.list(`polls/${source}`)) if (!kept.has(path)) await store.delete(path);
    },
  };
}

function pathOf(source: string, name: string): string {
  return `polls/${source}/${name}`;
}
