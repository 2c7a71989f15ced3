import { join } from 'node:path';
import type { BlobStore } from '../../../../src/store/blobs/blob-store.ts';
import { createDirectoryStore } from '../../../../src/store/blobs/directory-store.ts';
import { copySide, type CopySide } from '../../../../src/store/copy/copy-side.ts';
import { createBucketJournal } from '../../../../src/store/journal/bucket/bucket-journal.ts';
import { openStores } from '../../../../src/store/open-stores.ts';

/** Called before each write or deletion of a place. */
type OnWrite = () => void;

/** A store in a folder. */
export function folderSide(root: string): CopySide {
  return copySide(openStores({ store: { kind: 'directory', folder: root }, dataFolder: root }));
}

/** A store with the layout of a bucket. */
export function bucketSide(root: string, onWrite: OnWrite = () => {}): CopySide {
  const blobs = watched(createDirectoryStore(root), onWrite);
  const journalBlobs = watched(createDirectoryStore(join(root, 'csv')), onWrite);
  const journal = createBucketJournal({ name: `${root}/csv`, blobs: journalBlobs }, { name: root, blobs });
  return { name: root, blobs, journal, journalBlobs, prove: async () => {} };
}

function watched(blobs: BlobStore, onWrite: OnWrite): BlobStore {
  const before =
    <A extends unknown[], R>(work: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      onWrite();
      return work(...args);
    };
  return {
    ...blobs,
    put: before((path, content) => blobs.put(path, content)),
    putIfAbsent: before((path, content) => blobs.putIfAbsent(path, content)),
    putStreamIfAbsent: before((path, content) => blobs.putStreamIfAbsent(path, content)),
    delete: before((path) => blobs.delete(path)),
  };
}
