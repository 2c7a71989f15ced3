import { canarySource } from '../../../domain/names.ts';
import { sourceNamePattern } from '../../../domain/plan/source-plan.ts';
import { bucketFolders, bucketPaths } from '../../paths/bucket-paths.ts';
import type { Journal } from '../journal.ts';
import { bucketArchives } from './bucket-archives.ts';
import { listDay, partFile } from './bucket-day.ts';
import { deleteUnsealed } from './bucket-leftovers.ts';
import { daysToSeal, daysWithin, listDays } from './bucket-days.ts';
import type { FilePlace } from './bucket-file.ts';
import { putGeneration } from './put-generation.ts';
import { deleteGenerations, sealGeneration } from './seal-generation.ts';

/**
 * The journal in a bucket. There are no locks: each sealing of a day is a generation, and who writes its manifest first has
 * sealed it. Work on parts is safe beside that: a sealer deletes only parts that it has read whole.
 * @param store has the archives
 */
export function createBucketJournal(place: FilePlace, store: FilePlace): Journal {
  const { name, blobs } = place;

  async function sources(): Promise<string[]> {
    const found = (await blobs.folders('')).map((folder) => bucketFolders.source.parse(folder)?.source ?? '');
    return found.filter((source) => sourceNamePattern.test(source) && source !== canarySource);
  }

  return {
    name,
    paths: bucketPaths,
    sources,
    days: (source, window = null) => (window === null ? listDays(place, source) : daysWithin(place, source, window)),
    partDays: (source) => daysToSeal(place, source),
    day: (source, day) => listDay(place, source, day),
    part: (path) => partFile(place, path, null),
    archives: () => bucketArchives(store),
    putPart: (path, content) => blobs.put(path, content),
    deletePart: (part) => blobs.delete(part.name),
    alone: async (_source, signal, work) => {
      signal.throwIfAborted();
      return work();
    },
    sealDay: (day, context) => sealGeneration(place, day, context),
    async rewrite(source, rewrite, signal, onDay) {
      for (const day of await listDays(place, source)) {
        onDay(day);
        await sealGeneration(place, { source, day }, { signal, onProgress: () => {} }, rewrite);
      }
    },
    putSealed: (day, manifest, content) => putGeneration(place, day, manifest, content),
    deleteSealed: (day, signal) => deleteGenerations(place, day, signal),
    // There are no folders, and no temporary files.
    tidy: async () => {},
    async deleteLeftovers(of, signal) {
      let deleted = 0;
      // Open uploads, also those of archives, are the store's.
      if (of === 'parts') for (const source of await sources()) deleted += await deleteUnsealed(place, source, signal);
      return deleted;
    },
  };
}
