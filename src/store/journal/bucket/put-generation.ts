import { randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import { SinkUnavailable } from '../../../domain/errors.ts';
import { storedJson } from '../../blobs/stored-json.ts';
import { bucketPaths } from '../../paths/bucket-paths.ts';
import type { SourceDay } from '../journal-file.ts';
import type { SealManifest } from '../manifest.ts';
import { listDay } from './bucket-day.ts';
import type { FilePlace } from './bucket-file.ts';
import { deleteFormer } from './seal-generation.ts';

/** Puts a sealed file as the next generation of a day, and deletes the former ones. */
export async function putGeneration(
  place: FilePlace,
  { source, day }: SourceDay,
  manifest: SealManifest,
  content: () => Readable,
): Promise<void> {
  const { blobs } = place;
  const found = await listDay(place, source, day);
  const generation = found.generation + 1;
  const path = bucketPaths.sealed.build({ source, day, generation, token: randomBytes(8).toString('hex') });
  const stream = content();
  await blobs.putStreamIfAbsent(path, stream).finally(() => stream.destroy());
  const file = path.slice(bucketPaths.sealed.folder({ source, day }).length + 1);
  const isFirst = await blobs.putIfAbsent(
    bucketPaths.sealManifest.build({ source, day, generation }),
    storedJson({ ...manifest, file }),
  );
  if (!isFirst) throw new SinkUnavailable(`journal: ${source} ${day} is being sealed by another process; try again`);
  await deleteFormer(place, found, generation, path);
}
