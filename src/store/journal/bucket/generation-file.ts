import { randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { BlobStore } from '../../blobs/blob-store.ts';
import { storedJson } from '../../blobs/stored-json.ts';
import { bucketPaths } from '../../paths/bucket-paths.ts';
import type { SourceDay } from '../journal-file.ts';
import type { SealManifest } from '../manifest.ts';
import { generationOf, type BucketDay } from './bucket-day.ts';

/** A generation of a sealed day. */
export interface Generation extends SourceDay {
  readonly generation: number;
}

/** A path for a file of a generation that no one else uses. */
export function newSealedPath({ source, day, generation }: Generation): string {
  return bucketPaths.sealed.build({ source, day, generation, token: randomBytes(8).toString('hex') });
}

/** Writes such a file. What is read back decides: an object of this name that is there already is from an earlier try of this request. */
export async function writeSealed(blobs: BlobStore, path: string, content: Readable): Promise<void> {
  await blobs.putStreamIfAbsent(path, content).finally(() => content.destroy());
}

/** Writes the manifest that makes a file that of its generation. @returns false if there is one already */
export function putManifest(
  blobs: BlobStore,
  { source, day, generation }: Generation,
  manifest: SealManifest,
  path: string,
): Promise<boolean> {
  const file = path.slice(bucketPaths.sealed.folder({ source, day }).length + 1);
  return blobs.putIfAbsent(
    bucketPaths.sealManifest.build({ source, day, generation }),
    storedJson({ ...manifest, file }),
  );
}

/**
 * Deletes what a generation has replaced, and files of sealers that were killed or came too late. Those of later generations are
 * being written.
 */
export async function deleteFormer(
  blobs: BlobStore,
  { source, day, manifestNames, sealedNames }: BucketDay,
  generation: number,
  current: string,
): Promise<void> {
  const own = bucketPaths.sealManifest.build({ source, day, generation });
  for (const name of manifestNames) if (name !== own) await blobs.delete(name);
  for (const name of sealedNames) if (name !== current && generationOf(name) <= generation) await blobs.delete(name);
}
