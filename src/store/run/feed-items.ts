import type { BlobStore } from '../blobs/blob-store.ts';
import { storePaths } from '../paths/paths.ts';
import { contentName, readHashed } from '../blobs/stored-json.ts';

/** Which item of a feed each guid and link belongs to, in blobs by name. */
export interface FeedItemsStore {
  /**
   * The text of a blob. If it is gone or damaged, or the state names none, that of any other blob of the source, which is still
   * valid. Null if there is none.
   */
  read(source: string, name: string | null): Promise<string | null>;
  /** Stores a text; returns its blob's name. */
  write(source: string, text: string): Promise<string>;
  /** Deletes the blobs of a source but this one; null = none is deleted. */
  keepOnly(source: string, name: string | null): Promise<void>;
}

const what = 'the items of a feed';

export function createFeedItemsStore(store: BlobStore): FeedItemsStore {
  async function readAny(source: string): Promise<string | null> {
    for (const path of await store.list(storePaths.feedItems.folder({ source }))) {
      const name = storePaths.feedItems.parse(path)?.name;
      const content = name === undefined ? null : await readHashed(store, path, name, what);
      if (content) return content.toString();
    }
    return null;
  }

  return {
    async read(source, name) {
      const content = name === null ? null : await readHashed(store, pathOf(source, name), name, what);
      return content ? content.toString() : readAny(source);
    },

    async write(source, text) {
      const name = contentName(text);
      await store.putIfAbsent(pathOf(source, name), text);
      return name;
    },

    async keepOnly(source, name) {
      if (name === null) return;
      const kept = pathOf(source, name);
      for (const path of await store.list(storePaths.feedItems.folder({ source })))
        if (path !== kept) await store.delete(path);
    },
  };
}

function pathOf(source: string, name: string): string {
  return storePaths.feedItems.build({ source, name });
}
