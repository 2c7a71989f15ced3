import type { WindowChoice } from '../../domain/time/backfill-request.ts';
import type { FailedReceipt, Receipt } from '../../domain/run/receipt.ts';
import type { TimeRangeText } from '../../domain/time/backfill-windows.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import { storePaths } from '../paths/paths.ts';
import { readReceiptOf } from '../run/receipts.ts';
import { storedJson } from '../blobs/stored-json.ts';

/** Stores the outcome of a window. Its last run counts. */
export async function writeWindow(
  store: BlobStore,
  window: TimeRangeText,
  receipt: Receipt | FailedReceipt,
): Promise<void> {
  const { source } = receipt;
  await store.put(storePaths.window.build({ source, window }), storedJson(receipt));
}

/** The outcome of a window; null if it has never run, or if that is no longer known: running it again stores nothing twice. */
export async function readWindowReceipt(
  store: BlobStore,
  source: string,
  window: TimeRangeText,
): Promise<Receipt | FailedReceipt | null> {
  return readReceiptOf(store, storePaths.window.build({ source, window }), source);
}

/** Paths of the outcomes of all windows that have run, of any source. */
export async function* walkWindows(
  store: BlobStore,
): AsyncGenerator<{ readonly path: string; readonly source: string }> {
  for await (const path of store.walk(storePaths.window.folder({}))) {
    const place = storePaths.window.parse(path);
    if (place) yield { path, source: place.source };
  }
}

/** The status of a window. One postponed by its source has yet to run. */
export function windowState(receipt: Receipt | FailedReceipt | null): 'missing' | 'failed' | 'done' {
  if (receipt === null || receipt.outcome === 'rate_limited') return 'missing';
  return receipt.outcome === 'failed' ? 'failed' : 'done';
}

/** Those of the windows that failed, or that have never run to their end. */
export async function chooseWindows(
  store: BlobStore,
  source: string,
  windows: readonly TimeRangeText[],
  only: WindowChoice,
): Promise<TimeRangeText[]> {
  if (only === 'all') return [...windows];
  const chosen: TimeRangeText[] = [];
  for (const window of windows) {
    const receipt = await readWindowReceipt(store, source, window);
    if (windowState(receipt) === only || (only === 'missing' && isCutOff(receipt))) chosen.push(window);
  }
  return chosen;
}

/** Whether a running window was cancelled: it counts as failed and as missing. */
function isCutOff(receipt: Receipt | FailedReceipt | null): boolean {
  return receipt?.outcome === 'failed' && receipt.error.type === 'Cancelled';
}

/** Forgets the outcomes of all windows. */
export async function deleteWindows(store: BlobStore): Promise<void> {
  for await (const path of store.walk(storePaths.window.folder({}))) await store.delete(path);
}
