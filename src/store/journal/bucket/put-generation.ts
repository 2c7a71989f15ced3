import type { Readable } from 'node:stream';
import { SinkUnavailable } from '../../../domain/errors.ts';
import type { SourceDay } from '../journal-file.ts';
import type { SealManifest } from '../manifest.ts';
import { listDay } from './bucket-day.ts';
import type { FilePlace } from './bucket-file.ts';
import { deleteFormer, newSealedPath, putManifest, writeSealed } from './generation-file.ts';

/** Puts a sealed file as the next generation of a day, and deletes the former ones. */
export async function putGeneration(
  place: FilePlace,
  { source, day }: SourceDay,
  manifest: SealManifest,
  content: () => Readable,
): Promise<void> {
  const { blobs } = place;
  const found = await listDay(place, source, day);
  const next = { source, day, generation: found.generation + 1 };
  const path = newSealedPath(next);
  await writeSealed(blobs, path, content());
  if (!(await putManifest(blobs, next, manifest, path))) {
    throw new SinkUnavailable(`journal: ${source} ${day} is being sealed by another process; try again`);
  }
  await deleteFormer(blobs, found, next.generation, path);
}
