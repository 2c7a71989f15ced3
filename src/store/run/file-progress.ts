import type { FileProgress, FilesProgress } from '../../domain/state/file-progress.ts';
import { isFileProgress } from '../../domain/state/stored-state.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import { storePaths } from '../paths/paths.ts';
import { parseStoredJson } from '../blobs/stored-json.ts';
import { NamedTexts } from './named-texts.ts';

/** How far the files of a glob were read, in blobs by name. */
export interface FileProgressStore {
  /** A blob that is gone or damaged, or none, is an empty map: that costs work, not data. */
  read(source: string, name: string | null): Promise<Map<string, FileProgress>>;
  /** Stores a map; returns its blob's name. @param present the name in the state of the source */
  write(source: string, progress: FilesProgress, present?: string | null): Promise<string>;
  /** Deletes the blobs of a source but this one. */
  keepOnly(source: string, name: string | null): Promise<void>;
  /** Deletes these blobs of a source. */
  drop(source: string, names: readonly string[]): Promise<void>;
}

const what = 'positions in files';

export function createFileProgressStore(store: BlobStore): FileProgressStore {
  const texts = new NamedTexts(store, what);
  return {
    async read(source, name) {
      const text = name === null ? null : await texts.read(pathOf(source, name), name);
      if (text === null) return new Map();
      const parsed = parseStoredJson(Buffer.from(text), what, isProgress);
      return new Map(parsed.ok ? parsed.value : []);
    },

    write: (source, progress, present = null) =>
      texts.write((name) => pathOf(source, name), JSON.stringify([...progress]), present),

    keepOnly: (source, name) =>
      texts.keepOnly(storePaths.fileProgress.folder({ source }), name === null ? null : pathOf(source, name)),

    drop: (source, names) => texts.delete(names.map((name) => pathOf(source, name))),
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
