import { inParallel } from '../../../domain/in-parallel.ts';
import type { TimeRangeText } from '../../../domain/time/backfill-windows.ts';
import { isDay, type Day } from '../../../domain/time/day.ts';
import { bucketFolders, bucketPaths } from '../../paths/bucket-paths.ts';
import { isOutside } from '../manifest.ts';
import { generationManifest } from './bucket-day.ts';
import type { FilePlace } from './bucket-file.ts';

/** Manifests that are read at once. */
const manifestsAtOnce = 16;

/** What one listing of a source shows of a day. */
interface Seen {
  readonly source: string;
  readonly day: Day;
  hasParts: boolean;
  /** Of its last sealing; 0 = it is not sealed. */
  generation: number;
  /** Sealed files and manifests. */
  sealedFiles: number;
}

/** Days of a source by their folders: one request for a thousand. */
export async function listDays({ blobs }: FilePlace, source: string): Promise<Day[]> {
  const found = await blobs.folders(bucketFolders.source.build({ source }));
  return found.flatMap((folder) => bucketFolders.day.parse(folder)?.day ?? []).filter(isDay);
}

/** Those that may have records of a time, by their manifests: one after the other would take a request's time for each. */
export async function daysWithin(place: FilePlace, source: string, window: TimeRangeText): Promise<Day[]> {
  const seen = await look(place, source);
  const isWithin = await inParallel(seen, manifestsAtOnce, async (of) => {
    if (of.hasParts || of.generation === 0) return true;
    // What cannot be read is reported where the day is read.
    return !isOutside(await generationManifest(place, of).catch(() => null), window);
  });
  return seen.filter((_, index) => isWithin[index]).map(({ day }) => day);
}

/** Days that have parts, or more files than a sealed day has: fewer requests than one for each day. */
export async function daysToSeal(place: FilePlace, source: string): Promise<Day[]> {
  const seen = await look(place, source);
  return seen.filter(({ hasParts, sealedFiles }) => hasParts || sealedFiles > 2).map(({ day }) => day);
}

async function look({ blobs }: FilePlace, source: string): Promise<Seen[]> {
  const seen = new Map<Day, Seen>();
  for await (const path of blobs.walk(bucketFolders.source.build({ source }))) {
    const manifest = bucketPaths.sealManifest.parse(path);
    const sealed = manifest ?? bucketPaths.sealed.parse(path);
    // What is read as a part is one here, too, whatever its name.
    const day = sealed?.day ?? (path.endsWith('.csv') ? dayOf(path) : null);
    if (day === null) continue;
    const of = seen.get(day) ?? { source, day, hasParts: false, generation: 0, sealedFiles: 0 };
    seen.set(day, of);
    if (sealed === null) of.hasParts = true;
    else of.sealedFiles++;
    if (manifest) of.generation = Math.max(of.generation, manifest.generation);
  }
  return [...seen.values()].sort((a, b) => (a.day < b.day ? -1 : 1));
}

function dayOf(path: string): Day | null {
  const [, folder = '', ...file] = path.split('/');
  const day = bucketFolders.day.parse(folder)?.day;
  return day !== undefined && isDay(day) && file.length === 1 ? day : null;
}
