import { readdir, rm, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isMissing } from '../../blobs/file-errors.ts';

/** A temporary file is there for a moment; an older one was left by a kill. */
const temporaryMs = 5_000;

/** Deletes temporary files that killed writers of a source left, and folders that are empty. */
export async function tidyFolder(csv: string, source: string): Promise<void> {
  const folder = join(csv, source);
  for (const day of await namesIn(folder)) {
    for (const name of await namesIn(join(folder, day))) {
      if (name.startsWith('.')) await deleteIfOld(join(folder, day, name));
    }
    await removeIfEmpty(join(folder, day));
  }
  await removeIfEmpty(folder);
}

async function deleteIfOld(path: string): Promise<void> {
  const found = await stat(path).catch(() => null);
  if (found !== null && Date.now() - found.mtimeMs > temporaryMs) await rm(path, { force: true });
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** A writer may be at work there right now. */
async function removeIfEmpty(folder: string): Promise<void> {
  await rmdir(folder).catch(() => undefined);
}
