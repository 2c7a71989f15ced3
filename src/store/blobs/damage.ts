import { noSource } from '../../domain/names.ts';
import type { BlobStore, Damage } from './blob-store.ts';
import { bucketPaths } from '../paths/bucket-paths.ts';
import { journalFolder, journalPaths, storeKindOf, storePaths, type StoreKind } from '../paths/paths.ts';

/** Reports a damage to the opener of the store. */
export async function reportDamage(store: BlobStore, damage: Damage): Promise<void> {
  await store.onDamage?.(damage);
}

/**
 * Moves a damaged file below `damaged/`: nothing of it is lost, and the next reader does not meet it again. Safe to repeat,
 * and beside others that do the same.
 * @returns where it is now; null if it was replaced or moved since it was read
 */
export async function setAside(store: BlobStore, { path, content, remains }: Damage): Promise<string | null> {
  const isStill = async () => (await store.get(path))?.equals(content) ?? false;
  if (remains === 'all' || !(await isStill())) return null;
  const aside = await keepDamaged(store, path, content);
  if (await isStill()) await (remains === 'nothing' ? store.delete(path) : store.put(path, remains));
  return aside;
}

/** Keeps what a damaged file held, beside all that was kept of it before. @returns where */
export async function keepDamaged(store: BlobStore, path: string, content: Buffer): Promise<string> {
  for (let number = 1; ; number++) {
    const aside = storePaths.damaged.build({ path, number });
    if ((await store.putIfAbsent(aside, content)) || (await store.get(aside))?.equals(content)) return aside;
  }
}

/** The damaged files that were set aside: where they are, and the source that each is of. */
export async function listDamaged(store: BlobStore): Promise<{ readonly path: string; readonly source: string }[]> {
  const found = await store.list(storePaths.damaged.folder({}));
  return found.map((path) => ({ path, source: sourceOf(storePaths.damaged.parse(path)?.path ?? '') }));
}

/** The source that a stored file is of; `daybook` where it is of none. */
export function sourceOf(path: string): string {
  const kind = storeKindOf(path);
  const inJournal = path.slice(`${journalFolder}/`.length);
  const found =
    kind === null
      ? (journalPaths.part.parse(inJournal) ?? bucketPaths.part.parse(inJournal))
      : storePaths[kind].parse(path);
  return found !== null && 'source' in found ? String(found.source) : noSource;
}

/** The consequence of a missing file, by kind. */
const costs: Partial<Record<StoreKind, string>> = {
  batch: 'its records are not stored; they are fetched from the source again',
  waitingReason: 'status shows why its batches were deferred at first',
  state: 'the source is polled from scratch; nothing is stored twice',
  pollKeys: 'the next poll sends its records to the sinks again; nothing is stored twice',
  fileProgress: 'its files are read from the beginning; nothing is stored twice',
  fanOut: 'parents of its for_each are requested again; nothing is stored twice',
  queuedParents: 'the parents in it are not requested again; for_each.revisit, or state reset, requests them',
  exportJob: 'its API is asked for its documents again',
  feedItems: 'items of its feed may be stored a second time; none is lost',
  alert: 'the alert opens again if its cause persists',
  pause: 'the source is polled; pause it again if need be',
  closure: 'requests to the host resume',
  receipt: 'the previous run is shown instead',
  lastRuns:
    'its worker writes it again; until then receipts show the last runs, and unchanged polls count from then on',
  window: 'the window counts as never run; ./daybook backfill --only missing runs it',
  deadLetters: 'intact dead letters are listed and replayed, the others are not',
  discarded: 'the dead letter is shown again',
  replayed: 'its dead letters are shown again; replaying them stores nothing twice',
  replayNote: 'the replay skips those dead letters: start it again',
  canaryReport: 'the next canary writes it again',
  identity: 'the store gets the id that its database has recorded',
  marker: 'its batch is not delivered and stays in the spool',
};

/** What happened to a damaged file, and what to do, in one sentence. */
export function describeDamage({ path, problem, remains }: Damage, aside: string | null): string {
  const kind = storeKindOf(path);
  const cost = (kind !== null && costs[kind]) ?? 'the work continues without it';
  if (remains === 'all') return `${path} ${problem}: ${cost}. Restore it from a backup, or delete it`;
  if (aside === null) return `${path} ${problem}: ${cost}`;
  return `${path} ${problem}: ${cost}. It was moved to ${aside}: inspect it, then delete it`;
}
