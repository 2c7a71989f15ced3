import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** For what may hold a secret: no one else may read it. */
export const privateFile = 0o600;
export const privateFolder = 0o700;

/**
 * Replaces a file as a whole: a kill or a power cut at any moment leaves the old text or the new one, never a part of it.
 * Only this user may read it.
 */
export function replaceFile(file: string, text: string): void {
  const temporary = temporaryName(file);
  try {
    writeWhole(temporary, text);
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncFolder(dirname(file));
}

/** Writes a file that must not exist yet, and appears whole. Of two that try at the same moment one gets false. */
export function createWhole(file: string, text: string): boolean {
  const temporary = temporaryName(file);
  writeWhole(temporary, text);
  try {
    linkSync(temporary, file);
  } catch (error) {
    const { code = '' } = error as { code?: string };
    // ENOENT: the other one may have swept ours away, too.
    if (code === 'EEXIST' || code === 'ENOENT') return false;
    if (!noLinks.has(code)) throw error;
    // A file system without hard links: it is unknown which process was first, but the file is complete.
    if (existsSync(file)) return false;
    renameSync(temporary, file);
  } finally {
    rmSync(temporary, { force: true });
  }
  return true;
}

const noLinks: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

/** Removes what killed processes left of replacing a file. No one else may be doing so. */
export function sweepTemporary(file: string): void {
  const folder = dirname(file);
  for (const name of readdirSync(folder)) {
    if (name.startsWith(`${basename(file)}.`) && /\.\d+$/.test(name)) rmSync(join(folder, name), { force: true });
  }
}

/** A name beside a file that no other process uses. */
function temporaryName(file: string): string {
  return `${file}.${process.pid}`;
}

/** Writes a file that is on the disk when this returns. */
function writeWhole(file: string, text: string): void {
  rmSync(file, { force: true });
  const handle = openSync(file, 'wx', privateFile);
  try {
    writeSync(handle, text);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** A name is on the disk once its folder is. Windows cannot do that, and does not need it. */
function syncFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
