import type { RunRef } from '../domain/batch.ts';
import { pathPart } from '../domain/path-part.ts';
import type { ReplayPlan, ReplaySelection } from '../domain/replay.ts';
import type { BlobStore } from './blob-store.ts';
import { readDeadLetters, readLettersAt, type StoredLetter } from './dead-letters.ts';
import type { TakenLetters } from './hidden-letters.ts';

/** Letters that a replay takes at a time. */
const pageLetters = 1_000;
const pageBytes = 8 * 1024 * 1024;

/** Where a letter stands. */
type LetterAt = readonly [path: string, line: number];

/**
 * Notes which letters are to be replayed, each once however often it was met. The notes lie beside the batches of the
 * replay, so that the sweep of the spool finds them where the replay was terminated.
 */
export async function planReplay(
  store: BlobStore,
  run: RunRef,
  { ids, reason, run: ofRun }: ReplaySelection,
  name: string,
): Promise<ReplayPlan> {
  const wanted = ids && new Set(ids);
  const filter = { ...(reason ? { reason } : {}), ...(ofRun === undefined ? {} : { run: ofRun }) };
  const seen = new Set<string>();
  let page: LetterAt[] = [];
  let bytes = 0;
  let pages = 0;
  const close = async () => {
    await store.put(notePath(run, `${name}-${pages++}`), JSON.stringify(page));
    [page, bytes] = [[], 0];
  };
  for await (const { letter, path, line, bytes: size } of readDeadLetters(store, { source: run.source, ...filter })) {
    if (seen.has(letter.id) || wanted?.has(letter.id) === false) continue;
    seen.add(letter.id);
    if (page.length > 0 && (page.length >= pageLetters || bytes + size > pageBytes)) await close();
    page.push([path, line]);
    bytes += size;
  }
  if (page.length > 0) await close();
  return { name, pages, letters: seen.size };
}

/** The letters of a page of the plan. */
export async function readReplayPage(
  store: BlobStore,
  run: RunRef,
  { name }: ReplayPlan,
  page: number,
): Promise<StoredLetter[]> {
  const content = await store.get(notePath(run, `${name}-${page}`));
  const places = JSON.parse(content?.toString() ?? '[]') as LetterAt[];
  const letters: StoredLetter[] = [];
  for (const path of new Set(places.map(([where]) => where))) {
    const lines = places.flatMap(([where, line]) => (where === path ? [line] : []));
    letters.push(...(await readLettersAt(store, path, lines)));
  }
  return letters;
}

/** Notes what a page has dealt with, to be hidden once its records are safe. */
export async function noteTaken(store: BlobStore, run: RunRef, name: string, taken: TakenLetters): Promise<void> {
  await store.put(notePath(run, name), JSON.stringify(taken));
}

export async function readTaken(store: BlobStore, run: RunRef, name: string): Promise<TakenLetters | null> {
  const content = await store.get(notePath(run, name));
  return content && (JSON.parse(content.toString()) as TakenLetters);
}

/** Deletes the notes of a replay that has ended. */
export async function deleteReplayNotes(store: BlobStore, run: RunRef): Promise<void> {
  for (const path of await store.list(folderOf(run))) {
    // The name alone: the folder is named by the workflow, which may begin so, and holds batches that wait.
    if (path.slice(path.lastIndexOf('/') + 1).startsWith(prefix)) await store.delete(path);
  }
}

/** Batches beside them are named by hashes. */
const prefix = 'letters-';

function notePath(run: RunRef, name: string): string {
  return `${folderOf(run)}/${prefix}${name}`;
}

function folderOf({ source, workflowId, firstRunId }: RunRef): string {
  return `spool/${source}/${pathPart(workflowId)}/${pathPart(firstRunId)}`;
}
