import { createHash } from 'node:crypto';
import type { FileProgress, FilesProgress } from '../domain/state.ts';
import type { BlobStore } from './blob-store.ts';

/** How far the files of a glob were read, in blobs `files/<source>/<name>`. */
export interface FileProgressStore {
  /** A blob that is gone, or none, is an empty map: that costs work, not data. */
  read(source: string, name: string | null): Promise<Map<string, FileProgress>>;
  /** Stores a map; returns its blob's name. */
  write(source: string, progress: FilesProgress): Promise<string>;
  /** Deletes the blobs of a source but this one. */
  keepOnly(source: string, name: string | null): Promise<void>;
}

export function createFileProgressStore(store: BlobStore): FileProgressStore {
  return {
    async read(source, name) {
      const content = name === null ? null : await store.get(pathOf(source, name));
      if (content === null) return new Map();
      return new Map(JSON.parse(content.toString()) as [string, FileProgress][]);
    },

    async write(source, progress) {
      const content = JSON.stringify([...progress]);
      const name = createHash('sha256').update(content).digest('hex').slice(0, 32);
      await store.putIfAbsent(pathOf(source, name), content);
      return name;
    },

    async keepOnly(source, name) {
      const kept = name === null ? null : pathOf(source, name);
      for (const path of await store.list(`files/${source}`)) if (path !== kept) await store.delete(path);
    },
  };
}

function pathOf(source: string, name: string): string {
  return `files/${source}/${name}`;
}
