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

type Described = Pick<JournalFile, 'kind' | 'name' | 'ingestedAt' | 'check' | 'manifest'>;

/** A file of a bucket. @param bytes null = unknown */
export function bucketFile(place: FilePlace, file: Described, bytes: number | null): JournalFile {
  const { blobs } = place;
  const path = `${place.name}/${file.name}`;

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
      const content = await blobs.get(file.name);
      if (content === null) throw new JournalFileGone(path);
      return content.length > maxBytes ? null : content;
    },
    size: async () => bytes ?? (await blobs.get(file.name))?.length ?? 0,
  };
}
