import { addDays, type Day } from '../../domain/time/day.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import { listDeferred } from '../delivery/deferred.ts';
import { storePaths } from '../paths/paths.ts';
import type { Journal } from './journal.ts';
import type { SourceDay } from './journal-file.ts';

export interface UnsealedDays {
  /** They have parts to seal. */
  readonly ready: readonly SourceDay[];
  /** The same, but with batches deferred for the CSV folder: they are not complete yet. */
  readonly waiting: readonly SourceDay[];
}

/** Past days of ingestion that have parts. */
export async function unsealedDays(journal: Journal, store: BlobStore, today: Day): Promise<UnsealedDays> {
  const found: Record<keyof UnsealedDays, SourceDay[]> = { ready: [], waiting: [] };
  for (const source of await journal.sources()) {
    const deferred = new Set<Day | null>((await listDeferred(store, 'csv', source)).map(dayOfMarker));
    for (const day of await journal.partDays(source)) {
      if (day >= today) continue;
      const { parts, hasRemains } = await journal.day(source, day);
      if (parts.length === 0 && !hasRemains) continue;
      found[deferred.has(day) ? 'waiting' : 'ready'].push({ source, day });
    }
  }
  return found;
}

/** Sealed days all of which lies before `before`, and of which no part is left. */
export async function expiredDays(journal: Journal, before: Date): Promise<SourceDay[]> {
  const expired: SourceDay[] = [];
  for (const source of await journal.sources()) {
    for (const day of await journal.days(source)) {
      if (Date.parse(`${addDays(day, 1)}T00:00:00Z`) > before.getTime()) break;
      const { sealed, parts, hasRemains } = await journal.day(source, day);
      if ((sealed || hasRemains) && parts.length === 0) expired.push({ source, day });
    }
  }
  return expired;
}

/** The day of ingestion of a deferred batch. */
function dayOfMarker(path: string): Day | null {
  return storePaths.marker.parse(path)?.ingestedAt.slice(0, 10) ?? null;
}
