import type { BlobStore } from '../blobs/blob-store.ts';
import { storePaths } from '../paths/paths.ts';
import { readReceipt } from './receipts.ts';

/** How many receipts are checked, the oldest first. */
const maxRead = 20;

/**
 * Whether the store holds a state or a receipt of a source: then it has run here. Runs that another Daybook's schedule started on
 * our queue by mistake have left receipts, too: those that say that the source is unknown.
 */
export async function knowsSource(store: BlobStore, source: string): Promise<boolean> {
  if ((await store.get(storePaths.state.build({ source }))) !== null) return true;
  let read = 0;
  for await (const path of store.walk(storePaths.receipt.folder({ source }))) {
    const receipt = await readReceipt(store, path);
    if (receipt && !(receipt.outcome === 'failed' && receipt.error.type === 'UnknownSource')) return true;
    if (++read === maxRead) break;
  }
  return false;
}
