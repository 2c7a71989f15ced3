import type { Day } from '../../../domain/time/day.ts';
import { bucketFolders, bucketPaths } from '../../paths/bucket-paths.ts';
import { generationOf, highestOf, listDay } from './bucket-day.ts';
import type { FilePlace } from './bucket-file.ts';

/** A more recent file may still be in use. */
const minAgeMs = 24 * 3_600_000;

/**
 * Deletes sealed files of a source whose sealer was killed before it wrote their manifest, a day later: those of a later generation
 * than the last one. Where nothing is sealed they stay: the next sealing deletes them, and without parts a manifest was lost.
 * @returns how many
 */
export async function deleteUnsealed(place: FilePlace, source: string, signal: AbortSignal): Promise<number> {
  const { blobs } = place;
  const old = await blobs.listOlder(bucketFolders.source.build({ source }), new Date(Date.now() - minAgeMs));
  let deleted = 0;
  for (const [day, names] of byDay(old)) {
    signal.throwIfAborted();
    const oldest = highestOf(names);
    const suspects = names.filter((name) => generationOf(name) > oldest);
    if (suspects.length === 0) continue;
    const { generation } = await listDay(place, source, day);
    for (const name of suspects) {
      if (generation === 0 || generationOf(name) <= generation) continue;
      await blobs.delete(name);
      deleted++;
    }
  }
  return deleted;
}

/** Sealed files and manifests. */
function byDay(names: readonly string[]): Map<Day, string[]> {
  const days = new Map<Day, string[]>();
  for (const name of names) {
    const of = bucketPaths.sealed.parse(name) ?? bucketPaths.sealManifest.parse(name);
    if (of !== null) days.set(of.day, [...(days.get(of.day) ?? []), name]);
  }
  return days;
}
