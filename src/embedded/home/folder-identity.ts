import { realpathSync, statSync } from 'node:fs';
import { isObject } from '../../domain/is-object.ts';

/** Where a file was written. */
export interface FolderIdentity {
  readonly path: string;
  /** In the system's own words: a folder that is moved, or reached in another way, keeps it. */
  readonly id: string;
}

/** Undefined if the folder does not exist, or the system does not tell. */
export function identifyFolder(folder: string): FolderIdentity | undefined {
  try {
    const { dev, ino } = statSync(folder, { bigint: true });
    return ino > 0n ? { path: realpathSync(folder), id: `${dev}:${ino}` } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Whether what was written in one folder is in a copy of it. Both must differ: some file systems number a folder again while it
 * stays where it is. False if no one knows, as for files of 0.2.0.
 */
export function isCopy(written: unknown, folder: string): boolean {
  if (!isObject(written)) return false;
  const here = identifyFolder(folder);
  return here !== undefined && written['path'] !== here.path && written['id'] !== here.id;
}
