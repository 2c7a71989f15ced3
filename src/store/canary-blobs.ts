import { canarySource } from '../domain/names.ts';
import type { BlobStore } from './blob-store.ts';

/** Whether a canary of this id has ended, so that nobody needs what it left behind. */
export type IsOver = (id: string) => Promise<boolean>;

/** Deletes what canaries that are over have in the spool, and dead letters of all of them. */
export async function clearCanaryBlobs(store: BlobStore, isOver: IsOver): Promise<void> {
  for (const path of await store.list(`spool/${canarySource}`)) {
    const [, , canary = ''] = path.split('/');
    if (await isOver(idOfPart(canary))) await store.delete(path);
  }
  for (const path of await store.list(`dead-letters/${canarySource}`)) await store.delete(path);
}

/** The id that `pathPart` made a folder's name of; ids too long for that are started by hand, and not asked for. */
function idOfPart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
