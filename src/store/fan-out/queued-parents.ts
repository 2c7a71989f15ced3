import type { RunRef } from '../../domain/run/batch.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import { readStoredJson, storedJson } from '../blobs/stored-json.ts';
import { storePaths } from '../paths/paths.ts';

/** Where queued parents are found, beside the days of the journal. */
export const queueUnit = 'queue';

/**
 * Queues parents whose requests failed for the next run of a source. Safe to repeat: it writes the same blob again.
 * @param number of the step of the replay
 * @param parents their JSON texts
 */
export async function queueParents(
  store: BlobStore,
  { source, firstRunId }: RunRef,
  number: number,
  parents: readonly string[],
): Promise<void> {
  const path = storePaths.queuedParents.build({ source, firstRunId, number });
  await store.put(path, storedJson(parents));
}

/** The blobs of queued parents of a source. */
export async function listQueued(store: BlobStore, source: string): Promise<string[]> {
  const folder = storePaths.queuedParents.folder({ source });
  const paths = (await store.list(folder)).filter((path) => storePaths.queuedParents.parse(path));
  return paths.map((path) => path.slice(folder.length + 1));
}

/** The JSON texts of the parents of a blob; none if it is gone or damaged. */
export async function readQueued(store: BlobStore, source: string, part: string): Promise<string[]> {
  const path = `${storePaths.queuedParents.folder({ source })}/${part}`;
  return (await readStoredJson(store, path, 'parents to be requested again', areTexts)) ?? [];
}

function areTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((text) => typeof text === 'string');
}
