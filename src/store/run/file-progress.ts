import type { FileProgress, FilesProgress } from '../../domain/state/source-state.ts';
import { isFileProgress } from '../../domain/state/stored-state.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import { storePaths } from '../paths/paths.ts';
import { contentName, parseStoredJson, readHashed } from '../blobs/stored-json.ts';

/** How far the files of a glob were read, in blobs by name. */
export interface FileProgressStore {
  /** A blob that is gone or damaged, or none, is an empty map: that costs work, not data. */
  read(source: string, name: string | null): Promise<Map<string, FileProgress>>;
  /** Stores a map; returns its blob's name. */
  write(source: string, progress: FilesProgress): Promise<string>;
  /** Deletes the blobs of a source but this one. */
  keepOnly(source: string, name: string | null): Promise<void>;
}

export function createFileProgressStore(store: BlobStore): FileProgressStore {
  return {
    async read(source, name) {
      if (name === null) return new Map();
      const content = await readHashed(store, pathOf(source, name), name, 'positions in files');
      if (content === null) return new Map();
      const parsed = parseStoredJson(content, 'positions in files', isProgress);
      return new Map(parsed.ok ? parsed.value : []);
    },

    async write(source, progress) {
      const content = JSON.stringify([...progress]);
      const name = contentName(content);
      await store.putIfAbsent(pathOf(source, name), content);
      return name;
    },

    async keepOnly(source, name) {
      const kept = name === null ? null : pathOf(source, name);
      for (const path of await store.list(storePaths.fileProgress.folder({ source })))
        if (path !== kept) await store.delete(path);
    },
  };
}

function isProgress(value: unknown): value is [string, FileProgress][] {
  const isEntry = (entry: unknown) =>
    Array.isArray(entry) && entry.length === 2 && typeof entry[0] === 'string' && isFileProgress(entry[1]);
  return Array.isArray(value) && value.every(isEntry);
}

function pathOf(source: string, name: string): string {
  return storePaths.fileProgress.build({ source, name });
}
