import { randomUUID } from 'node:crypto';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isMissing } from './file-errors.ts';

const temporaryName = /^\.[0-9a-f]{8}-[0-9a-f-]{27}\.tmp$/;

/** A name for what is not whole yet, beside where it will be. */
export function temporaryIn(folder: string): string {
  return join(folder, `.${randomUUID()}.tmp`);
}

/**
 * Deletes what kills left half written in a folder. Does nothing where there is none.
 * @param before those that were written to since then may be in the making
 * @returns how many
 */
export async function deleteLeftovers(folder: string, before: Date): Promise<number> {
  let deleted = 0;
  try {
    for (const name of await readdir(folder)) {
      const path = join(folder, name);
      if (!temporaryName.test(name) || (await stat(path)).mtime >= before) continue;
      await rm(path, { force: true });
      deleted++;
    }
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  return deleted;
}
