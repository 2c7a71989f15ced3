import { canarySource } from '../../domain/names.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import { storePaths } from '../paths/paths.ts';

/** Whether a canary of this id has ended, so that its leftovers can be deleted. */
export type IsOver = (id: string) => Promise<boolean>;

/** Deletes what canaries that are over have in the spool, and dead letters of all of them. */
export async function clearCanaryBlobs(store: BlobStore, isOver: IsOver): Promise<void> {
  for (const path of await store.list(storePaths.batch.folder({ source: canarySource }))) {
    // Ids too long for a path are started by hand, and not asked for.
    const canary = storePaths.batch.parse(path);
    if (canary && (await isOver(canary.workflowId))) await store.delete(path);
  }
  for (const path of await store.list(storePaths.deadLetters.folder({ source: canarySource })))
    await store.delete(path);
}
