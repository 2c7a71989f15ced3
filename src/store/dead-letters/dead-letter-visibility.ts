import type { RunRef } from '../../domain/run/batch.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import { reportDamage } from '../blobs/damage.ts';
import { storedId, storePaths } from '../paths/paths.ts';
import { hasFields, isTime, readStoredJson, storedJson } from '../blobs/stored-json.ts';

/** What decides whether a dead letter in a file is hidden. */
interface DeadLetterRef {
  readonly id: string;
  readonly at: string;
  readonly run: string;
}

/** Dead letters handled by a replay. */
export interface ReplayedIds {
  /** When they were read: an equal one that arrives later counts again. ISO 8601. */
  readonly at: string;
  /** Run of the replay: what it has refused itself stays. */
  readonly run: string;
  readonly ids: readonly string[];
}

/** Dead letters that lists do not show. */
export interface DeadLetterVisibility {
  /** When a dead letter was discarded; null = it was not. */
  discardedAt(id: string): string | null;
  /** Whether a replay has stored the record of a dead letter, or replaced it by another one. */
  isReplayed(letter: DeadLetterRef): boolean;
}

/** @param source null = of all sources */
export async function readVisibility(store: BlobStore, source: string | null): Promise<DeadLetterVisibility> {
  const discarded = new Map<string, string>();
  for await (const path of store.walk(storePaths.discarded.folder({}))) {
    const letter = storePaths.discarded.parse(path);
    const at = letter && (await readDiscarded(store, path));
    if (at) discarded.set(letter.id, at);
  }
  const taken = new Map<string, ReplayedIds[]>();
  for await (const path of store.walk(storePaths.replayed.folder(source === null ? {} : { source }))) {
    const run = storePaths.replayed.parse(path)?.firstRunId;
    const isOfRun = (value: unknown): value is ReplayedIds => isReplayed(value) && storedId(value.run) === run;
    const letters = await readStoredJson(store, path, 'which dead letters were replayed', isOfRun);
    if (!letters) continue;
    for (const id of letters.ids) taken.set(id, [...(taken.get(id) ?? []), letters]);
  }
  return {
    discardedAt: (id) => discarded.get(id) ?? null,
    isReplayed: ({ id, at, run }) => taken.get(id)?.some((by) => at <= by.at && run !== by.run) ?? false,
  };
}

/** When a dead letter was discarded; null if that is no longer known, so that it is shown again. */
async function readDiscarded(store: BlobStore, path: string): Promise<string | null> {
  const content = await store.get(path);
  if (content === null || isTime(content.toString())) return content && content.toString();
  await reportDamage(store, {
    path,
    content,
    problem: 'has no time, expected when it was discarded',
    remains: 'nothing',
  });
  return null;
}

export function isReplayed(value: unknown): value is ReplayedIds {
  if (!hasFields(value, { at: 'time', run: 'string' })) return false;
  const { at, ids } = value as ReplayedIds;
  // One with a future time would hide what is yet to be refused.
  const isPast = Date.parse(at) < Date.now() + dayMs;
  return isPast && Array.isArray(ids) && ids.every((id) => typeof id === 'string');
}

const dayMs = 24 * 3_600_000;

/** Hides a dead letter from lists. The dead letter itself stays, and an equal one that arrives later is hidden too. */
export async function discardDeadLetter(store: BlobStore, id: string, at: Date): Promise<void> {
  await store.putIfAbsent(storePaths.discarded.build({ id }), at.toISOString());
}

/** Shows a discarded dead letter again. */
export async function restoreDeadLetter(store: BlobStore, id: string): Promise<void> {
  await store.delete(storePaths.discarded.build({ id }));
}

/** Hides what a replay has dealt with. Safe to repeat. @param number of the replay's step */
export async function hideReplayed(
  store: BlobStore,
  { source, firstRunId }: RunRef,
  number: number,
  letters: ReplayedIds,
): Promise<void> {
  await store.put(storePaths.replayed.build({ source, firstRunId, number }), storedJson(letters));
}
