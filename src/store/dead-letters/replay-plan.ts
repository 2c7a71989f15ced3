import type { RunRef } from '../../domain/run/batch.ts';
import { DamagedFile } from '../../domain/errors.ts';
import type { ReplayPlan, DeadLetterSelection } from '../../domain/dead-letters/dead-letter-replay.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import { readDeadLetters, readDeadLettersAt } from './dead-letters.ts';
import { isReplayed, type ReplayedIds } from './dead-letter-visibility.ts';
import type { StoredDeadLetter } from './dead-letter-file.ts';
import { storePaths } from '../paths/paths.ts';
import { readStoredJson, storedJson } from '../blobs/stored-json.ts';

/** Dead letters that a replay processes at a time. */
const lettersPerPage = 1_000;
const pageBytes = 8 * 1024 * 1024;

/** Where a dead letter is. */
type LetterAt = readonly [path: string, line: number];

/**
 * Notes which dead letters are to be replayed, each once. The notes lie beside the batches of the replay, so that the sweep of the
 * spool finds them where the replay was terminated.
 */
export async function planReplay(
  store: BlobStore,
  run: RunRef,
  { ids, reason, run: ofRun }: DeadLetterSelection,
  name: string,
): Promise<ReplayPlan> {
  const wanted = ids && new Set(ids);
  const filter = { ...(reason ? { reason } : {}), ...(ofRun === undefined ? {} : { run: ofRun }) };
  const seen = new Set<string>();
  let page: LetterAt[] = [];
  let bytes = 0;
  let pages = 0;
  const close = async () => {
    await store.put(notePath(run, `${name}-${pages++}`), storedJson(page));
    [page, bytes] = [[], 0];
  };
  for await (const { letter, path, line, bytes: size } of readDeadLetters(store, { source: run.source, ...filter })) {
    if (seen.has(letter.id) || wanted?.has(letter.id) === false) continue;
    seen.add(letter.id);
    if (page.length > 0 && (page.length >= lettersPerPage || bytes + size > pageBytes)) await close();
    page.push([path, line]);
    bytes += size;
  }
  if (page.length > 0) await close();
  return { name, pages, letters: seen.size };
}

/** The dead letters of a page of the plan. @throws DamagedFile if the plan is lost */
export async function readReplayPage(
  store: BlobStore,
  run: RunRef,
  { name }: ReplayPlan,
  page: number,
): Promise<StoredDeadLetter[]> {
  const note = notePath(run, `${name}-${page}`);
  const places = await readStoredJson(store, note, 'which dead letters to replay', isPage);
  if (places === null) {
    throw new DamagedFile(
      `replay: ${note} is missing or damaged, so it is unknown which dead letters to replay; nothing was changed; start the replay again`,
    );
  }
  const letters: StoredDeadLetter[] = [];
  for (const path of new Set(places.map(([where]) => where))) {
    const lines = places.flatMap(([where, line]) => (where === path ? [line] : []));
    for (const letter of await readDeadLettersAt(store, path, lines)) letters.push(letter);
  }
  return letters;
}

/** Notes what a page has dealt with, to be hidden once its records are safe. */
export async function recordReplayed(store: BlobStore, run: RunRef, name: string, taken: ReplayedIds): Promise<void> {
  await store.put(notePath(run, name), storedJson(taken));
}

/** Null if it is not known any more: then they are shown again, and replaying them stores nothing twice. */
export function readReplayed(store: BlobStore, run: RunRef, name: string): Promise<ReplayedIds | null> {
  return readStoredJson(store, notePath(run, name), 'which dead letters were replayed', isReplayed);
}

/** Deletes the notes of a replay that has ended. */
export async function deleteReplayNotes(store: BlobStore, run: RunRef): Promise<void> {
  for (const path of await store.list(storePaths.replayNote.folder(run))) {
    // Deferred batches are beside them.
    if (storePaths.replayNote.parse(path)) await store.delete(path);
  }
}

function isPage(value: unknown): value is LetterAt[] {
  const isPlace = (place: unknown) =>
    Array.isArray(place) && place.length === 2 && typeof place[0] === 'string' && typeof place[1] === 'number';
  return Array.isArray(value) && value.every(isPlace);
}

function notePath(run: RunRef, name: string): string {
  return storePaths.replayNote.build({ ...run, name });
}
