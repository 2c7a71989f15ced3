import { readdir, rm, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DamagedFile } from '../../domain/errors.ts';
import { canarySource } from '../../domain/names.ts';
import type { BatchRef } from '../../domain/run/batch.ts';
import type { SpooledRecord } from '../../domain/run/record.ts';
import type { IsOver } from './canary-blobs.ts';
import { isMissing } from '../blobs/file-errors.ts';
import { journalPaths } from '../paths/paths.ts';
import { findPart, partFile, type JournalFile, type JournalFolders } from '../journal/journal-files.ts';
import { readWhole } from '../journal/read-whole.ts';

/** A temporary file is there for a moment; an older one was left by a kill. */
const temporaryMs = 5_000;

/** Reads the part of a canary back. Null = it holds the record and no other; else what was found. */
export async function problemOfPart(
  folders: JournalFolders,
  batch: BatchRef,
  { sourceId, occurredAt, payload }: SpooledRecord,
): Promise<string | null> {
  const part = await findPart(folders, batch);
  const rows = part && (await readWhole(part));
  if (part === null || rows === null) {
    return `no file of batch ${batch.hash.slice(0, 16)} in ${join(folders.csv, canarySource)}`;
  }
  if (rows instanceof DamagedFile) return rows.message;
  const [row] = rows;
  if (!row || rows.length > 1) return `found ${rows.length} records in ${part.path}, expected one`;
  const isIt =
    row.source === canarySource &&
    row.sourceId === sourceId &&
    row.occurredAt === occurredAt &&
    row.payload === payload;
  return isIt ? null : `the record in ${part.path} differs from the fetched one`;
}

/** Deletes the parts of canaries that are over, and folders that are empty then. */
export async function clearCanaryParts({ csv }: JournalFolders, isOver: IsOver): Promise<void> {
  const folder = journalPaths.part.folder({ source: canarySource });
  for (const day of await namesIn(join(csv, folder))) {
    for (const name of await namesIn(join(csv, folder, day))) {
      const part = partFile(csv, `${folder}/${day}/${name}`);
      if (await mayGo(part, name, isOver)) await rm(part.path, { force: true });
    }
    await removeIfEmpty(join(csv, folder, day));
  }
  await removeIfEmpty(join(csv, folder));
}

async function mayGo(part: JournalFile, name: string, isOver: IsOver): Promise<boolean> {
  if (name.startsWith('.')) {
    const found = await stat(part.path).catch(() => null);
    return found !== null && Date.now() - found.mtimeMs > temporaryMs;
  }
  const rows = await readWhole(part);
  if (rows === null) return false;
  const [row] = rows instanceof DamagedFile ? [] : rows;
  // An unreadable part is useless to any canary.
  return row === undefined || isOver(row.sourceId);
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** Another canary may be writing there right now. */
async function removeIfEmpty(folder: string): Promise<void> {
  await rmdir(folder).catch(() => undefined);
}
