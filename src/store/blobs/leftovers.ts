import type { Dirent } from 'node:fs';
import { readdir, rm, rmdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { isMissing } from './file-errors.ts';
import { timeOfFolder } from './folder-time.ts';
import { journalPaths, temporaryPath } from '../paths/paths.ts';

/** A more recent file may still be in use. */
const minAgeMs = 24 * 3_600_000;

/**
 * Deletes what kills left half written, in a folder and below it, and folders that are empty: both older than a day by the
 * clock of the file system. Does nothing where there is no such folder. Safe to repeat, and beside writers.
 * @param isOurs says of each folder right below whether it is looked into: other programs may have their files beside Daybook's
 * @returns how many files
 */
export async function deleteLeftovers(
  root: string,
  signal: AbortSignal,
  isOurs: (name: string) => boolean = () => true,
): Promise<number> {
  if ((await stat(root).catch(nullWhereMissing)) === null) return 0;
  const before = (await timeOfFolder(root)) - minAgeMs;
  const sweep = new LeftoverSweep(before, signal);
  for (const entry of await readdir(root, { withFileTypes: true })) {
    if (!entry.isDirectory() || isOurs(entry.name)) await sweep.look(root, entry);
  }
  return sweep.deleted;
}

class LeftoverSweep {
  deleted = 0;
  readonly #before: number;
  readonly #signal: AbortSignal;

  constructor(before: number, signal: AbortSignal) {
    this.#before = before;
    this.#signal = signal;
  }

  /** A link is neither: it leads to what is not Daybook's. */
  async look(folder: string, entry: Dirent): Promise<void> {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return this.#sweep(path);
    if (!entry.isFile() || !isTemporary(folder, entry.name) || !(await this.#isOld(path))) return;
    await rm(path, { force: true });
    this.deleted++;
  }

  async #sweep(folder: string): Promise<void> {
    this.#signal.throwIfAborted();
    // Deleting a file in it will make it young.
    const isOld = await this.#isOld(folder);
    const entries = (await readdir(folder, { withFileTypes: true }).catch(nullWhereMissing)) ?? [];
    for (const entry of entries) await this.look(folder, entry);
    // One that is not empty stays, and one that a writer has just made.
    if (isOld) await rmdir(folder).catch(() => undefined);
  }

  async #isOld(path: string): Promise<boolean> {
    const found = await stat(path).catch(nullWhereMissing);
    return found !== null && found.mtimeMs < this.#before;
  }
}

function isTemporary(folder: string, name: string): boolean {
  const inFolder = `${basename(folder)}/${name}`;
  return temporaryPath.parse(inFolder) !== null || journalPaths.sealTemporary.parse(inFolder) !== null;
}

/** Others delete, too. */
function nullWhereMissing(error: unknown): null {
  if (isMissing(error)) return null;
  throw error;
}
