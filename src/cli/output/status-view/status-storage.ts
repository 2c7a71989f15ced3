import { access, constants, readdir, stat } from 'node:fs/promises';
import { codeOf } from '../../../domain/errors.ts';
import type { Alert } from '../../../domain/monitoring/alert.ts';
import { noSource } from '../../../domain/names.ts';
import { storageProblems, type StoragePart, type StorageStatus } from '../../../domain/monitoring/storage-health.ts';
import { isMissing } from '../../../store/blobs/file-errors.ts';
import { openStores, type OpenedStore } from '../../../store/open-stores.ts';
import { bucketProbes } from '../../../store/paths/bucket-paths.ts';
import { bucketProblem } from '../../../store/storage/bucket-health.ts';
import { failureText, freeBytes, minProbeBytes, probeFolder } from '../../../store/storage/probe.ts';
import type { Context } from '../../options/context.ts';

/**
 * Looks whether the stores and folders can be used that workers write into: a folder by writing into it, a bucket by listing it.
 * @param hasRun whether a run was ever started: then the store was there
 */
export async function readStorage(context: Context, hasRun: boolean, now: Date): Promise<StorageStatus[]> {
  const { store, journal } = openStores(context.environment);
  const home = context.home.lockHolder() === null ? [] : [folderStatus('home', context.home.folder, false, now)];
  return Promise.all([storeStatus('store', store, hasRun, now), storeStatus('journal', journal, false, now), ...home]);
}

async function storeStatus(part: StoragePart, store: OpenedStore, isExpected: boolean, now: Date) {
  if (store.setting.kind === 'directory') return folderStatus(part, store.setting.folder, isExpected, now);
  const error = await store.blobs.list(bucketProbes.conditions.folder({})).then(() => null, bucketProblem);
  return { part, folder: store.name, error, since: error === null ? null : now.toISOString(), freeBytes: null };
}

async function folderStatus(part: StoragePart, folder: string, isExpected: boolean, now: Date): Promise<StorageStatus> {
  const error = await problemOf(folder, isExpected);
  const since = error === null ? null : now.toISOString();
  return { part, folder, error, since, freeBytes: await freeBytes(folder) };
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
