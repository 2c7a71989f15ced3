import type { WindowChoice } from '../domain/backfill.ts';
import type { FailedReceipt, Receipt } from '../domain/receipt.ts';
import { windowName, type WindowText } from '../domain/windows.ts';
import type { BlobStore } from './blob-store.ts';

/** Stores what became of a window: `windows/<source>/<from>_<to>.json`. Its last run counts. */
export async function writeWindow(
  store: BlobStore,
  window: WindowText,
  receipt: Receipt | FailedReceipt,
): Promise<void> {
  await store.put(`windows/${receipt.source}/${windowName(window)}.json`, `${JSON.stringify(receipt)}\n`);
}

/** What became of a window; null where it has never run. */
export async function readWindowReceipt(
  store: BlobStore,
  source: string,
  window: WindowText,
): Promise<Receipt | FailedReceipt | null> {
  const content = await store.get(`windows/${source}/${windowName(window)}.json`);
  return content && (JSON.parse(content.toString()) as Receipt | FailedReceipt);
}

/** How a window stands. One that its source put off has yet to run. */
export function windowState(receipt: Receipt | FailedReceipt | null): 'missing' | 'failed' | 'done' {
  if (receipt === null || receipt.outcome === 'rate_limited') return 'missing';
  return receipt.outcome === 'failed' ? 'failed' : 'done';
}

/** Those of the windows that failed, or that have never run to their end. */
export async function chooseWindows(
  store: BlobStore,
  source: string,
  windows: readonly WindowText[],
  only: WindowChoice,
): Promise<WindowText[]> {
  if (only === 'all') return [...windows];
  const chosen: WindowText[] = [];
  for (const window of windows) {
    const receipt = await readWindowReceipt(store, source, window);
    if (windowState(receipt) === only || (only === 'missing' && isCutOff(receipt))) chosen.push(window);
  }
  return chosen;
}

/** Whether somebody cancelled a window under way: it has failed, and it is missing as well. */
function isCutOff(receipt: Receipt | FailedReceipt | null): boolean {
  return receipt?.outcome === 'failed' && receipt.error.type === 'Cancelled';
}

/** Forgets what became of all windows. */
export async function deleteWindows(store: BlobStore): Promise<void> {
  for (const path of await store.list('windows')) await store.delete(path);
}
