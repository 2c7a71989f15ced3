import { Readable } from 'node:stream';
import type { BlobStore } from '../../blobs/blob-store.ts';
import type { JournalFile } from '../journal-file.ts';
import { JournalFileGone } from '../journal-file-gone.ts';

/** A bucket, or a part of one, for reading files. */
export interface FilePlace {
  /** For people. */
  readonly name: string;
  readonly blobs: BlobStore;
}

/** Larger files are not read before they are asked for: several are in memory. */
const maxPrefetched = 1024 * 1024;

type Described = Pick<JournalFile, 'kind' | 'name' | 'ingestedAt' | 'check' | 'manifest'>;

/** A file of a bucket. @param bytes null = unknown */
export function bucketFile(place: FilePlace, file: Described, bytes: number | null): JournalFile {
  const { blobs } = place;
  const path = `${place.name}/${file.name}`;

  let fetched: Promise<Buffer | null> | null = null;

  /** What was prefetched is handed out once: it must not stay in memory. */
  async function content(): Promise<Buffer | null> {
    const before = fetched;
    fetched = null;
    return before ?? blobs.get(file.name);
  }

  async function* chunks(): AsyncGenerator<Uint8Array> {
    const found = await blobs.getStream(file.name);
    if (found === null) throw new JournalFileGone(path);
    yield* found;
  }

  return {
    ...file,
    path,
    stream: () => Readable.from(chunks(), { objectMode: false }),
    async read(maxBytes) {
      if (bytes !== null && bytes > maxBytes) return null;
      const found = await content();
      if (found === null) throw new JournalFileGone(path);
      return found.length > maxBytes ? null : found;
    },
    prefetch() {
      if (file.check === null || bytes === null || bytes > maxPrefetched) return;
      fetched ??= blobs.get(file.name);
      // It is reported where it is read.
      fetched.catch(() => undefined);
    },
    size: async () => bytes ?? (await blobs.get(file.name))?.length ?? 0,
  };
}
