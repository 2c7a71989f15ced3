import { createHash } from 'node:crypto';
import type { RunRef } from '../domain/batch.ts';
import type { DeadLetter, NewDeadLetter } from '../domain/dead-letter.ts';
import { parseJson } from '../domain/json.ts';
import { pathPart } from '../domain/path-part.ts';
import type { BlobStore } from './blob-store.ts';

/** A line of a dead-letter file. */
interface StoredLetter extends Omit<DeadLetter, 'count' | 'discardedAt'> {
  readonly workflowId: string;
}

/**
 * Stores the dead letters of a batch. Safe to repeat: the same letters are stored once; a repeated fetch that refused
 * others adds a file of its own.
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
  const content = letters.map((letter) => `${letterLine(run, letter)}\n`).join('');
  const path = `dead-letters/${run.source}/${pathPart(run.firstRunId)}/${number}${part}`;
  if (await store.putIfAbsent(`${path}.ndjson`, content)) return;
  const present = await store.get(`${path}.ndjson`);
  if (present !== null && idsOf(present.toString()) === idsOf(content)) return;
  await store.putIfAbsent(`${path}-${sha256(idsOf(content)).slice(0, 16)}.ndjson`, content);
}

export interface LetterFilter {
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
export async function listDeadLetters(store: BlobStore, filter: LetterFilter): Promise<DeadLetter[]> {
  const letters = new Map<string, DeadLetter>();
  const discarded = await readDiscarded(store);
  const paths = await store.list(filter.source === undefined ? 'dead-letters' : `dead-letters/${filter.source}`);
  for (const path of paths) {
    const content = await store.get(path);
    for (const line of content?.toString().split('\n') ?? []) {
      if (line === '') continue;
      const letter = parseJson(line).value as StoredLetter;
      const discardedAt = discarded.get(letter.id) ?? null;
      if (!matches(letter, filter) || (discardedAt !== null && !filter.discarded)) continue;
      const { workflowId: _, ...first } = letter;
      const known = letters.get(letter.id);
      const earliest = known && known.at <= first.at ? known : { ...first, count: 0, discardedAt };
      letters.set(letter.id, { ...earliest, count: (known?.count ?? 0) + 1 });
    }
  }
  return [...letters.values()].sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}

/** Hides a dead letter from lists: `discarded/<id>`. The letter itself stays, and one like it that comes later is hidden, too. */
export async function discardLetter(store: BlobStore, id: string, at: Date): Promise<void> {
  await store.putIfAbsent(`discarded/${id}`, at.toISOString());
}

/** Shows a discarded letter again. */
export async function undiscardLetter(store: BlobStore, id: string): Promise<void> {
  await store.delete(`discarded/${id}`);
}

/** When letters were discarded, by id. */
async function readDiscarded(store: BlobStore): Promise<ReadonlyMap<string, string>> {
  const discarded = new Map<string, string>();
  for (const path of await store.list('discarded')) {
    const at = await store.get(path);
    if (at) discarded.set(path.slice('discarded/'.length), at.toString());
  }
  return discarded;
}

function matches(letter: StoredLetter, filter: LetterFilter): boolean {
  if (filter.reason !== undefined && letter.reason !== filter.reason) return false;
  return filter.run === undefined || letter.run === filter.run || letter.workflowId === filter.run;
}

function letterLine(run: RunRef, letter: NewDeadLetter): string {
  const { reason, message, at, page, index, recordText } = letter;
  const id = sha256(`${run.source}\n${reason}\n${recordText}`).slice(0, 32);
  const known = { id, source: run.source, reason, message, at, run: run.firstRunId, page, index };
  const text = JSON.stringify({ ...known, workflowId: run.workflowId });
  return `${text.slice(0, -1)},"record":${recordText}}`;
}

/** The ids of a file's letters: what does not depend on when, and in which words, they were written. */
function idsOf(content: string): string {
  return [...content.matchAll(/^\{"id":"([0-9a-f]+)"/gm)].map((match) => match[1]).join();
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
