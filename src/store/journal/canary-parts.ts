import { readdir, rm, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DamagedFile } from '../../domain/errors.ts';
import { canarySource } from '../../domain/names.ts';
import type { SpooledRecord } from '../../domain/record.ts';
import type { IsOver } from '../canary-blobs.ts';
import { isMissing } from '../file-errors.ts';
import type { JournalFolders } from './journal-files.ts';
import { readJournal, type JournalRow } from './read-journal.ts';

/** A temporary file is there for a moment; an older one was left by a kill. */
const temporaryMs = 5_000;

/**
 * Reads the part of a canary back. Null = it holds the record and no other; else what was found.
 * @param name of the part, below the folder of the journal
 */
export async function problemOfPart(
  { csv }: JournalFolders,
  name: string,
  { sourceId, occurredAt, payload }: SpooledRecord,
): Promise<string | null> {
  const rows = await readPart(join(csv, name), name);
  if (rows === null) return `found no file ${join(csv, name)}, expected the record in it`;
  if (typeof rows === 'string') return rows;
  const [row] = rows;
  if (!row || rows.length > 1) return `found ${rows.length} records in ${join(csv, name)}, expected one`;
  const isIt =
    row.source === canarySource &&
    row.sourceId === sourceId &&
    row.occurredAt === occurredAt &&
    row.payload === payload;
  return isIt ? null : `found another record in ${join(csv, name)} than was fetched, expected the same`;
}

/** Deletes the parts of canaries that are over, and folders that are empty then. */
export async function clearCanaryParts({ csv }: JournalFolders, isOver: IsOver): Promise<void> {
  const folder = join(csv, canarySource);
  for (const day of await namesIn(folder)) {
    for (const name of await namesIn(join(folder, day))) {
      const path = join(folder, day, name);
      if (await mayGo(path, name, isOver)) await rm(path, { force: true });
    }
    await removeIfEmpty(join(folder, day));
  }
  await removeIfEmpty(folder);
}

async function mayGo(path: string, name: string, isOver: IsOver): Promise<boolean> {
  if (name.startsWith('.')) {
    const found = await stat(path).catch(() => null);
    return found !== null && Date.now() - found.mtimeMs > temporaryMs;
  }
  const rows = await readPart(path, name);
  if (rows === null) return false;
  const [row] = typeof rows === 'string' ? [] : rows;
  // What cannot be read is of no use to any canary.
  return row === undefined || isOver(row.sourceId);
}

/** The rows of a part; what is wrong with it as a text; null where it is gone. */
async function readPart(path: string, name: string): Promise<JournalRow[] | string | null> {
  const refuse = (damage: DamagedFile) => {
    throw damage;
  };
  const rows: JournalRow[] = [];
  try {
    for await (const some of readJournal({ kind: 'part', path, name }, refuse)) rows.push(...some);
    return rows;
  } catch (error) {
    if (isMissing(error)) return null;
    if (error instanceof DamagedFile) return error.message;
    throw error;
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** Another canary may be writing there just now. */
async function removeIfEmpty(folder: string): Promise<void> {
  await rmdir(folder).catch(() => undefined);
}
