import { createHash } from 'node:crypto';
import type { RunRef } from '../domain/batch.ts';
import type { DeadLetter, NewDeadLetter } from '../domain/dead-letter.ts';
import { parseJson } from '../domain/json.ts';
import { pathPart } from '../domain/path-part.ts';
import type { BlobStore } from './blob-store.ts';
import { readHiddenLetters, type HiddenLetters } from './hidden-letters.ts';

/** A line of a dead-letter file. */
export interface StoredLetter extends Omit<DeadLetter, 'count' | 'discardedAt'> {
  readonly workflowId: string;
  /** See `NewDeadLetter`. */
  readonly fetchedAt?: string;
}

/** A letter where it was found. */
export interface FoundLetter {
  readonly letter: StoredLetter;
  readonly discardedAt: string | null;
  readonly path: string;
  /** Line of the file, from 0. */
  readonly line: number;
  /** Bytes of the line. */
  readonly bytes: number;
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
  for await (const { letter, discardedAt } of readDeadLetters(store, filter)) {
    const { workflowId: _, fetchedAt: __, ...first } = letter;
    const known = letters.get(letter.id);
    const earliest = known && known.at <= first.at ? known : { ...first, count: 0, discardedAt };
    letters.set(letter.id, { ...earliest, count: (known?.count ?? 0) + 1 });
  }
  return [...letters.values()].sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}

/** All letters that are not hidden, equal ones each by itself, file by file. */
export async function* readDeadLetters(store: BlobStore, filter: LetterFilter): AsyncGenerator<FoundLetter> {
  const hidden = await readHiddenLetters(store, filter.source ?? null);
  const paths = await store.list(filter.source === undefined ? 'dead-letters' : `dead-letters/${filter.source}`);
  for (const path of paths) {
    for (const [line, text] of (await linesOf(store, path)).entries()) {
      if (text === '') continue;
      const letter = parseLetter(text);
      const discardedAt = hidden.discardedAt(letter.id);
      if (!matches(letter, filter) || (discardedAt !== null && !filter.discarded)) continue;
      if (hidden.isReplayed(letter)) continue;
      yield { letter, discardedAt, path, line, bytes: Buffer.byteLength(text) };
    }
  }
}

/**
 * Counts the letters that lists show, equal ones each by itself, by source. Files are read once, and again where letters were
 * discarded or replayed since.
 */
export function createLetterCounts(store: BlobStore): () => Promise<ReadonlyMap<string, number>> {
  let counts = new Map<string, number>();
  let seen = '';
  return async () => {
    const hides = [...(await store.list('discarded')), ...(await store.list('replayed'))];
    const version = sha256(hides.join('\n'));
    if (version !== seen) [seen, counts] = [version, new Map()];
    let hidden: HiddenLetters | null = null;
    const bySource = new Map<string, number>();
    const kept = new Map<string, number>();
    for (const path of await store.list('dead-letters')) {
      let count = counts.get(path);
      if (count === undefined) {
        if (hides.length > 0) hidden ??= await readHiddenLetters(store, null);
        count = countLetters(await linesOf(store, path), hidden);
      }
      kept.set(path, count);
      const source = path.split('/')[1] ?? '';
      bySource.set(source, (bySource.get(source) ?? 0) + count);
    }
    counts = kept;
    return bySource;
  };
}

/** Reads of a letter only what stands before its record. */
const letterStart = /^\{"id":"([0-9a-f]+)".*?,"at":"([^"]*)","run":"([^"]*)"/;

function countLetters(lines: readonly string[], hidden: HiddenLetters | null): number {
  let count = 0;
  for (const line of lines) {
    if (line === '') continue;
    const [, id = '', at = '', run = ''] = hidden ? (letterStart.exec(line) ?? []) : [];
    if (hidden && (hidden.discardedAt(id) !== null || hidden.isReplayed({ id, at, run }))) continue;
    count++;
  }
  return count;
}

/** Letters of one file by their lines; one that is gone is left out. */
export async function readLettersAt(
  store: BlobStore,
  path: string,
  lines: readonly number[],
): Promise<readonly StoredLetter[]> {
  const content = await linesOf(store, path);
  return lines.flatMap((line) => (content[line] ? [parseLetter(content[line])] : []));
}

async function linesOf(store: BlobStore, path: string): Promise<readonly string[]> {
  return (await store.get(path))?.toString().split('\n') ?? [];
}

function parseLetter(line: string): StoredLetter {
  return parseJson(line).value as StoredLetter;
}

function matches(letter: StoredLetter, filter: LetterFilter): boolean {
  if (filter.reason !== undefined && letter.reason !== filter.reason) return false;
  return filter.run === undefined || letter.run === filter.run || letter.workflowId === filter.run;
}

function letterLine(run: RunRef, letter: NewDeadLetter): string {
  const { reason, message, at, page, index, fetchedAt, recordText } = letter;
  const id = sha256(`${run.source}\n${reason}\n${recordText}`).slice(0, 32);
  const known = { id, source: run.source, reason, message, at, run: run.firstRunId, page, index };
  const text = JSON.stringify({
    ...known,
    workflowId: run.workflowId,
    ...(fetchedAt === undefined ? {} : { fetchedAt }),
  });
  return `${text.slice(0, -1)},"record":${recordText}}`;
}

/** The ids of a file's letters: what does not depend on when, and in which words, they were written. */
function idsOf(content: string): string {
  return [...content.matchAll(/^\{"id":"([0-9a-f]+)"/gm)].map((match) => match[1]).join();
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
