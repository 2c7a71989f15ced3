import type { RunRef } from '../domain/batch.ts';
import { pathPart } from '../domain/path-part.ts';
import type { BlobStore } from './blob-store.ts';

/** What decides whether a dead letter, as it stands in a file, is hidden. */
interface LetterPlace {
  readonly id: string;
  readonly at: string;
  readonly run: string;
}

/** Letters that a replay has taken away: `replayed/<source>/<run of the replay>/<number>.json`. */
export interface TakenLetters {
  /** When they were looked at: one like them that comes later is a letter again. ISO 8601. */
  readonly at: string;
  /** Run of the replay: what it has refused itself stays. */
  readonly run: string;
  readonly ids: readonly string[];
}

/** Letters that lists do not show. */
export interface HiddenLetters {
  /** When a letter was discarded; null = it was not. */
  discardedAt(id: string): string | null;
  /** Whether a replay has stored the record of a letter, or put another letter in its place. */
  isReplayed(letter: LetterPlace): boolean;
}

/** @param source null = of all sources */
export async function readHiddenLetters(store: BlobStore, source: string | null): Promise<HiddenLetters> {
  const discarded = new Map<string, string>();
  for (const path of await store.list('discarded')) {
    const at = await store.get(path);
    if (at) discarded.set(path.slice('discarded/'.length), at.toString());
  }
  const taken = new Map<string, TakenLetters[]>();
  for (const path of await store.list(source === null ? 'replayed' : `replayed/${source}`)) {
    const content = await store.get(path);
    if (!content) continue;
    const letters = JSON.parse(content.toString()) as TakenLetters;
    for (const id of letters.ids) taken.set(id, [...(taken.get(id) ?? []), letters]);
  }
  return {
    discardedAt: (id) => discarded.get(id) ?? null,
    isReplayed: ({ id, at, run }) => taken.get(id)?.some((by) => at <= by.at && run !== by.run) ?? false,
  };
}

/** Hides a dead letter from lists: `discarded/<id>`. The letter itself stays, and one like it that comes later is hidden, too. */
export async function discardLetter(store: BlobStore, id: string, at: Date): Promise<void> {
  await store.putIfAbsent(`discarded/${id}`, at.toISOString());
}

/** Shows a discarded letter again. */
export async function undiscardLetter(store: BlobStore, id: string): Promise<void> {
  await store.delete(`discarded/${id}`);
}

/** Hides what a replay has dealt with. Safe to repeat. @param number of the replay's step */
export async function hideReplayed(
  store: BlobStore,
  { source, firstRunId }: RunRef,
  number: number,
  letters: TakenLetters,
): Promise<void> {
  await store.put(`replayed/${source}/${pathPart(firstRunId)}/${number}.json`, JSON.stringify(letters));
}
