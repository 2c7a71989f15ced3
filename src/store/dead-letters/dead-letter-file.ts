import { hash } from 'node:crypto';
import type { RunRef } from '../../domain/run/batch.ts';
import type { DeadLetter, NewDeadLetter } from '../../domain/dead-letters/dead-letter.ts';
import { parseJson } from '../../formats/exact-json.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import { reportDamage } from '../blobs/damage.ts';
import { hasFields } from '../blobs/stored-json.ts';

/** A line of a dead-letter file. */
export interface StoredDeadLetter extends Omit<DeadLetter, 'count' | 'discardedAt'> {
  readonly workflowId: string;
  /** See `NewDeadLetter`. */
  readonly fetchedAt?: string;
}

/** A dead letter in its file. */
export interface DeadLetterAt {
  readonly letter: StoredDeadLetter;
  /** Line of the file, from 0. */
  readonly line: number;
  /** Bytes of the line. */
  readonly bytes: number;
}

/** The line of a dead letter; its record comes last. */
export function deadLetterLine(run: RunRef, letter: NewDeadLetter): string {
  const { reason, message, at, page, index, fetchedAt, recordText, shaped, exploded, size, sha256 } = letter;
  const id = deadLetterId(run.source, reason, sha256 ?? recordText);
  const known = { id, source: run.source, reason, message, at, run: run.firstRunId, page, index };
  const text = JSON.stringify({
    ...known,
    workflowId: run.workflowId,
    ...(fetchedAt === undefined ? {} : { fetchedAt }),
    ...(shaped === undefined ? {} : { shaped }),
    ...(exploded === undefined ? {} : { exploded }),
    ...(size === undefined ? {} : { size }),
    ...(sha256 === undefined ? {} : { sha256 }),
  });
  return `${text.slice(0, -1)}${recordStart}${recordText}}`;
}

/**
 * Reads a file of dead letters; none if it is gone. A dead letter's id is the hash of its content, so each is known to be whole; of
 * a file with lines that are not, that is reported to the store, and the others are returned with their line numbers.
 */
export async function readDeadLetterFile(store: BlobStore, path: string): Promise<DeadLetterAt[]> {
  const content = await store.get(path);
  if (content === null) return [];
  const lines = content.toString().split('\n');
  const letters: DeadLetterAt[] = [];
  const damaged: number[] = [];
  for (const [line, text] of lines.entries()) {
    // Empty is also what is left of a line that was set aside.
    if (text === '') continue;
    const letter = parseLetter(text);
    if (letter) letters.push({ letter, line, bytes: Buffer.byteLength(text) });
    else damaged.push(line);
  }
  if (damaged.length === 0 && content.length > 0) return letters;
  const rest = lines.map((text, line) => (damaged.includes(line) ? '' : text)).join('\n');
  await reportDamage(store, {
    path,
    content,
    problem: problemOf(damaged),
    remains: letters.length === 0 ? 'nothing' : Buffer.from(rest),
  });
  return letters;
}

function problemOf(lines: readonly number[]): string {
  if (lines.length === 0) return 'is empty, expected dead letters';
  const which = lines.length === 1 ? `line ${(lines[0] ?? 0) + 1}` : `${lines.length} lines`;
  return `has no complete dead letter in ${which}`;
}

/** Null if the line is not what was written. */
function parseLetter(line: string): StoredDeadLetter | null {
  let value: unknown;
  try {
    ({ value } = parseJson(line));
  } catch {
    return null;
  }
  if (
    !hasFields(value, {
      id: 'string',
      source: 'string',
      reason: 'string',
      message: 'string',
      at: 'time',
      run: 'string',
      page: 'number',
      index: 'number',
      workflowId: 'string',
      fetchedAt: 'time?',
      shaped: 'boolean?',
      exploded: 'boolean?',
      size: 'number?',
      sha256: 'string?',
    })
  )
    return null;
  const letter = value as StoredDeadLetter;
  // In the texts before it a quote is escaped: the first match is the record.
  const record = line.indexOf(recordStart);
  const recordText = line.slice(record + recordStart.length, -1);
  const id = deadLetterId(letter.source, letter.reason, letter.sha256 ?? recordText);
  return record !== -1 && letter.id === id ? letter : null;
}

const recordStart = ',"record":';

/** @param content text of the record, or its hash where it is not kept */
function deadLetterId(source: string, reason: string, content: string): string {
  return hash('sha256', `${source}\n${reason}\n${content}`, 'hex').slice(0, 32);
}
