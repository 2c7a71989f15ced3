import { access, constants, readdir, stat } from 'node:fs/promises';
import { codeOf } from '../../../domain/errors.ts';
import type { Alert } from '../../../domain/monitoring/alert.ts';
import { noSource } from '../../../domain/names.ts';
import { storageProblems, type StoragePart, type StorageStatus } from '../../../domain/monitoring/storage-health.ts';
import { storeFolderOf } from '../../../domain/storage/store-setting.ts';
import { isMissing } from '../../../store/blobs/file-errors.ts';
import { journalFoldersIn } from '../../../store/journal/journal-files.ts';
import { failureText, freeBytes, minProbeBytes, probeFolder } from '../../../store/storage/probe.ts';
import type { Context } from '../../options/context.ts';

/**
 * Looks whether the folders can be written that workers write into, by writing into them.
 * @param hasRun whether a run was ever started: then the store was there
 */
export async function readStorage(context: Context, hasRun: boolean, now: Date): Promise<StorageStatus[]> {
  const { dataFolder, store } = context.environment;
  const storeFolder = storeFolderOf(store);
  const folders: [StoragePart, string][] = [
    ['store', storeFolder],
    ['journal', journalFoldersIn(dataFolder, storeFolder).csv],
    ...(context.home.lockHolder() === null ? [] : [['home', context.home.folder] satisfies [StoragePart, string]]),
  ];
  return Promise.all(
    folders.map(async ([part, folder]) => {
      const error = await problemOf(folder, part === 'store' && hasRun);
      return {
        part,
        folder,
        error,
        since: error === null ? null : now.toISOString(),
        freeBytes: await freeBytes(folder),
      };
    }),
  );
}

/** The alert of what was found; a worker's own is in its memory alone. */
export function storageAlerts(storage: readonly StorageStatus[], now: Date): Alert[] {
  const problems = storageProblems(storage);
  if (problems.length === 0) return [];
  return [{ name: 'store', source: noSource, state: 'open', since: now.toISOString(), message: problems.join('; ') }];
}

async function problemOf(folder: string, isExpected: boolean): Promise<string | null> {
  try {
    if (!(await mayWrite(folder))) return null;
    // What an unmounted file system leaves behind.
    if (isExpected && (await readdir(folder)).length === 0) {
      return `${folder} is empty, expected the data of earlier runs: mount its file system again`;
    }
    await probeFolder(folder, minProbeBytes);
    return null;
  } catch (error) {
    if (!isMissing(error)) return failureText(error);
    // A worker makes it when it starts; where one has run, its file system is not mounted.
    return isExpected ? `${folder} is missing, expected the data of earlier runs: mount its file system again` : null;
  }
}

/** Whether this user's failure would be a worker's, too: others may look who may not write. */
async function mayWrite(folder: string): Promise<boolean> {
  const { uid } = await stat(folder);
  try {
    await access(folder, constants.W_OK);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EACCES' && uid !== process.geteuid?.()) return false;
    throw error;
  }
}
