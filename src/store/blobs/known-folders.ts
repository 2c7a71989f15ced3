import type { BlobStore } from './blob-store.ts';

/**
 * A store for readers of many folders, most of which do not exist: one listing of its root says which do. What is written into a new folder
 * is seen after the next listing.
 * @param freshMs how long a listing is relied on
 */
export function knowingFolders(store: BlobStore, freshMs: number, now: () => number = Date.now): BlobStore {
  let listed: Promise<ReadonlySet<string>> | null = null;
  let listedMs = -Infinity;

  async function mayExist(path: string): Promise<boolean> {
    const [folder = '', ...rest] = path.split('/');
    if (listed === null || now() - listedMs >= freshMs) {
      listedMs = now();
      listed = store.folders('').then((names) => new Set(names));
      listed.catch(() => (listed = null));
    }
    return (await listed).has(folder) || (folder === '' && rest.length === 0);
  }

  return {
    ...store,
    // A file of the root is in no folder.
    get: async (path) => (!path.includes('/') || (await mayExist(path)) ? store.get(path) : null),
    list: async (folder) => ((await mayExist(folder)) ? store.list(folder) : []),
    async *walk(folder) {
      if (await mayExist(folder)) yield* store.walk(folder);
    },
  };
}
