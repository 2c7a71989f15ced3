import { createHash } from 'node:crypto';
import { sha256 } from '../../formats/sha256.ts';
import type { RunRef } from '../../domain/run/batch.ts';
import type { DeadLetter, NewDeadLetter } from '../../domain/dead-letters/dead-letter.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import { readVisibility, type DeadLetterVisibility } from './dead-letter-visibility.ts';
import { deadLetterLine, readDeadLetterFile, type DeadLetterAt, type StoredDeadLetter } from './dead-letter-file.ts';
import { storePaths } from '../paths/paths.ts';

/** A dead letter with its location. */
export interface FoundDeadLetter extends DeadLetterAt {
  readonly discardedAt: string | null;
  readonly path: string;
}

/**
 * Stores the dead letters of a batch. Safe to repeat: the same dead letters are stored once; a repeated fetch that refused others
 * adds a file of its own.
 * @param part what refused them: the fetch, or PostgreSQL (`-refused`)
 */
export async function writeDeadLetters(
  store: BlobStore,
  run: RunRef,
  number: number,
  part: '' | '-refused',
  letters: readonly NewDeadLetter[],
): Promise<void> {
  if (letters.length === 0) return;
  const content = letters.map((letter) => `${deadLetterLine(run, letter)}\n`).join('');
  const pathOf = (more: string | null) => storePaths.deadLetters.build({ ...run, number, part, more });
  if (await store.putIfAbsent(pathOf(null), content)) return;
  const present = await store.get(pathOf(null));
  if (present !== null && idsOf(present.toString()) === idsOf(content)) return;
  await store.putIfAbsent(pathOf(sha256(idsOf(content)).slice(0, 16)), content);
}

export interface DeadLetterFilter {
  readonly source?: string;
  readonly reason?: string;
  /** Workflow id or run id. */
  readonly run?: string;
  /** Also those that were discarded. */
  readonly discarded?: boolean;
}

/**
 * Lists dead letters, equal ones once with their count, in order of their first appearance. Their records may
 * hold `ExactNumber`s: print them with `writeJson`.
 */
export async function listDeadLetters(store: BlobStore, filter: DeadLetterFilter): Promise<DeadLetter[]> {
  const letters = new Map<string, DeadLetter>();
  for await (const { letter, discardedAt } of readDeadLetters(store, filter)) {
    const { workflowId: _, fetchedAt: __, ...first } = letter;
    const known = letters.get(letter.id);
    const earliest = known && known.at <= first.at ? known : { ...first, count: 0, discardedAt };
    letters.set(letter.id, { ...earliest, count: (known?.count ?? 0) + 1 });
  }
  return [...letters.values()].sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}

/** All dead letters that are not hidden, equal ones separately, file by file. */
export async function* readDeadLetters(store: BlobStore, filter: DeadLetterFilter): AsyncGenerator<FoundDeadLetter> {
  const hidden = await readVisibility(store, filter.source ?? null);
  const folder = storePaths.deadLetters.folder(filter.source === undefined ? {} : { source: filter.source });
  for await (const path of store.walk(folder)) {
    if (!storePaths.deadLetters.parse(path)) continue;
    for (const { letter, line, bytes } of await readDeadLetterFile(store, path)) {
      const discardedAt = hidden.discardedAt(letter.id);
      if (!matches(letter, filter) || (discardedAt !== null && !filter.discarded)) continue;
      if (hidden.isReplayed(letter)) continue;
      yield { letter, discardedAt, path, line, bytes };
    }
  }
}

/**
 * Counts the dead letters that lists show by source, equal ones separately. Files are read once, and again if dead letters were
 * discarded or replayed since.
 */
export function createDeadLetterCounts(store: BlobStore): () => Promise<ReadonlyMap<string, number>> {
  let counts = new Map<string, number>();
  let seen = '';
  return async () => {
    const names = createHash('sha256');
    let isAnyHidden = false;
    for (const layout of [storePaths.discarded, storePaths.replayed, storePaths.damaged]) {
      for await (const path of store.walk(layout.folder({}))) {
        names.update(`${path}\n`);
        isAnyHidden = true;
      }
    }
    const version = names.digest('hex');
    if (version !== seen) [seen, counts] = [version, new Map()];
    let hidden: DeadLetterVisibility | null = null;
    const bySource = new Map<string, number>();
    const kept = new Map<string, number>();
    for await (const path of store.walk(storePaths.deadLetters.folder({}))) {
      let count = counts.get(path);
      if (count === undefined) {
        if (isAnyHidden) hidden ??= await readVisibility(store, null);
        count = await countLetters(store, path, hidden);
      }
      kept.set(path, count);
      const source = storePaths.deadLetters.parse(path)?.source ?? '';
      bySource.set(source, (bySource.get(source) ?? 0) + count);
    }
    counts = kept;
    return bySource;
  };
}

/** Reads only the part of a dead letter before its record. */
const letterStart = /^\{"id":"([0-9a-f]+)".*?,"at":"([^"]*)","run":"([^"]*)"/;

async function countLetters(store: BlobStore, path: string, hidden: DeadLetterVisibility | null): Promise<number> {
  const content = await store.get(path);
  const lines = content?.toString().split('\n').filter(Boolean) ?? [];
  const starts = lines.map((line) => letterStart.exec(line));
  const isShown = (id: string, at: string, run: string) =>
    !hidden || (hidden.discardedAt(id) === null && !hidden.isReplayed({ id, at, run }));
  if (content?.length !== 0 && !starts.includes(null)) {
    return starts.filter((start) => isShown(start?.[1] ?? '', start?.[2] ?? '', start?.[3] ?? '')).length;
  }
  const whole = await readDeadLetterFile(store, path);
  return whole.filter(({ letter: { id, at, run } }) => isShown(id, at, run)).length;
}

/** Dead letters of one file by their lines; one that is gone or damaged is left out. */
export async function readDeadLettersAt(
  store: BlobStore,
  path: string,
  lines: readonly number[],
): Promise<readonly StoredDeadLetter[]> {
  const letters = new Map((await readDeadLetterFile(store, path)).map(({ line, letter }) => [line, letter]));
  return lines.flatMap((line) => letters.get(line) ?? []);
}

function matches(letter: StoredDeadLetter, filter: DeadLetterFilter): boolean {
  if (filter.reason !== undefined && letter.reason !== filter.reason) return false;
  return filter.run === undefined || letter.run === filter.run || letter.workflowId === filter.run;
}

/** The ids of a file's dead letters, which do not depend on when and in which words they were written. */
function idsOf(content: string): string {
  return [...content.matchAll(/^\{"id":"([0-9a-f]+)"/gm)].map((match) => match[1]).join();
}
