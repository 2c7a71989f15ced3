import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { addDays, type Day } from '../../domain/time/day.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import { listDeferred } from '../delivery/deferred.ts';
import { syncFolder } from '../blobs/directory-store.ts';
import { storePaths } from '../paths/paths.ts';
import {
  journalDay,
  journalDays,
  journalPartDays,
  journalSources,
  sealedPath,
  sealManifestPath,
  type JournalFolders,
} from './journal-files.ts';
import { withSealLock } from './seal-lock.ts';

/** What was ingested of a source on a day. */
export interface SourceDay {
  readonly source: string;
  readonly day: Day;
}

export interface UnsealedDays {
  /** They have parts to seal. */
  readonly ready: readonly SourceDay[];
  /** The same, but with batches deferred for the CSV folder: they are not complete yet. */
  readonly waiting: readonly SourceDay[];
}

/** Past days of ingestion that have parts. */
export async function unsealedDays(folders: JournalFolders, store: BlobStore, today: Day): Promise<UnsealedDays> {
  const found: Record<keyof UnsealedDays, SourceDay[]> = { ready: [], waiting: [] };
  for (const source of await journalSources(folders)) {
    const deferred = new Set<Day | null>((await listDeferred(store, 'csv', source)).map(dayOfMarker));
    for (const day of await journalPartDays(folders, source)) {
      if (day >= today || (await journalDay(folders, source, day)).parts.length === 0) continue;
      found[deferred.has(day) ? 'waiting' : 'ready'].push({ source, day });
    }
  }
  return found;
}

/** Sealed days all of which lies before `before`, and of which no part is left. */
export async function expiredDays(folders: JournalFolders, before: Date): Promise<SourceDay[]> {
  const expired: SourceDay[] = [];
  for (const source of await journalSources(folders)) {
    for (const day of await journalDays(folders, source)) {
      if (Date.parse(`${addDays(day, 1)}T00:00:00Z`) > before.getTime()) break;
      const { sealed, parts } = await journalDay(folders, source, day);
      if (sealed && parts.length === 0) expired.push({ source, day });
    }
  }
  return expired;
}

/** Deletes a sealed day; a running sealer finishes first. Safe to repeat. */
export async function deleteSealed(
  folders: JournalFolders,
  { source, day }: SourceDay,
  signal: AbortSignal,
): Promise<void> {
  const folder = join(folders.csv, source);
  await withSealLock(folders.csv, source, { signal }, async () => {
    await rm(sealedPath(folders.csv, source, day), { force: true });
    await rm(sealManifestPath(folders.csv, source, day), { force: true });
    await syncFolder(folder);
  });
}

/** The day of ingestion of a deferred batch. */
function dayOfMarker(path: string): Day | null {
  return storePaths.marker.parse(path)?.ingestedAt.slice(0, 10) ?? null;
}
