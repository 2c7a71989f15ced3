import { randomUUID } from 'node:crypto';
import { closeSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Opens a file without a name in the folder for temporary files: it is gone with the process, however that ends. Null if that
 * folder cannot be written.
 */
export function openUnnamedFile(): number | null {
  const path = join(tmpdir(), `daybook-${randomUUID()}`);
  let file: number | null = null;
  try {
    file = openSync(path, 'wx+', 0o600);
    rmSync(path);
    return file;
  } catch {
    if (file !== null) closeSync(file);
    return null;
  }
}
