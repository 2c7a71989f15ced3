import { mkdir, open, rm, statfs } from 'node:fs/promises';
import { messageOf, SinkUnavailable } from '../../domain/errors.ts';
import { temporaryIn } from '../blobs/temporary-files.ts';

/** Bytes written to test whether a folder is writable. A disk may have room for a few bytes, and none for work. */
export const minProbeBytes = 64 * 1024;
/** No batch is larger: if this fits, work can continue. */
export const maxProbeBytes = 8 * 1024 * 1024;

/** Tries to write this many bytes into a folder, and deletes them again. @throws the system's error where that fails */
export async function probeFolder(folder: string, bytes: number): Promise<void> {
  await mkdir(folder, { recursive: true });
  const temporary = temporaryIn(folder);
  try {
    const file = await open(temporary, 'wx');
    try {
      // Zeros may take no room.
      await file.writeFile(Buffer.alloc(bytes, 'daybook '));
      await file.sync();
    } finally {
      await file.close();
    }
  } finally {
    await rm(temporary, { force: true }).catch(() => undefined);
  }
}

/** Bytes that are free for this user where a folder lies; null if the system does not say. */
export async function freeBytes(folder: string): Promise<number | null> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  } catch {
    return null;
  }
}

/** The message of a failure, in the system's words: `ENOSPC: no space left on device`. */
export function failureText(error: unknown): string {
  const why = error instanceof SinkUnavailable && error.cause !== undefined ? error.cause : error;
  // Then the system names the call, and an internal file: `, open '/data/.1f….tmp'`.
  return messageOf(why)
    .replace(/^store: /, '')
    .replace(/^(E[A-Z0-9]+: .*), [a-z]+(?: '.*)?$/s, '$1');
}
