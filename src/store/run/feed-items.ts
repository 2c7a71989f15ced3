import type { BlobStore } from '../blobs/blob-store.ts';
import { storePaths } from '../paths/paths.ts';
import { NamedTexts } from './named-texts.ts';

/** Which item of a feed each guid and link belongs to, in blobs by name. */
export interface FeedItemsStore {
  /**
   * The text of a blob. If it is gone or damaged, or the state names none, that of any other blob of the source, which is still
   * valid. Null if there is none.
   */
  read(source: string, name: string | null): Promise<string | null>;
  /** Stores a text; returns its blob's name. @param present the name in the state of the source */
  write(source: string, text: string, present?: string | null): Promise<string>;
  /** Deletes the blobs of a source but this one; null = none is deleted. */
  keepOnly(source: string, name: string | null): Promise<void>;
  /** Deletes these blobs of a source. */
  drop(source: string, names: readonly string[]): Promise<void>;
}

export function createFeedItemsStore(store: BlobStore): FeedItemsStore {
  const texts = new NamedTexts(store, 'the items of a feed');

  async function readAny(source: string): Promise<string | null> {
    for (const path of await store.list(storePaths.feedItems.folder({ source }))) {
      const name = storePaths.feedItems.parse(path)?.name;
      const text = name === undefined ? null : await texts.read(path, name);
      if (text !== null) return text;
    }
    return null;
  }

  return {
    async read(source, name) {
      const text = name === null ? null : await texts.read(pathOf(source, name), name);
      return text ?? readAny(source);
    },

    write: (source, text, present = null) => texts.write((name) => pathOf(source, name), text, present),

    async keepOnly(source, name) {
      if (name !== null) await texts.keepOnly(storePaths.feedItems.folder({ source }), pathOf(source, name));
    },

    drop: (source, names) => texts.delete(names.map((name) => pathOf(source, name))),
  };
}

/** The items of a feed with the keys of a poll: lines that begin with a space, which readers of items skip, in versions before this one too. */
export function withKeys(items: string, digests: readonly string[]): string {
  return [items, ...[...new Set(digests)].sort().map((digest) => ` ${digest}`)].join('\n');
}

/** The keys in such a text. */
export function keysIn(text: string): string[] {
  return text.split('\n').flatMap((line) => (line.startsWith(' ') ? [line.slice(1)] : []));
}

function pathOf(source: string, name: string): string {
  return storePaths.feedItems.build({ source, name });
}
