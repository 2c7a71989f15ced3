import { addDays, dayOfDate } from '../domain/day.ts';
import type { FailedReceipt, Receipt } from '../domain/receipt.ts';
import type { BlobStore } from './blob-store.ts';

export async function writeReceipt(store: BlobStore, receipt: Receipt | FailedReceipt): Promise<void> {
  const day = receipt.finishedAt.slice(0, 10);
  const name = `${receipt.finishedAt.replaceAll(/[:.-]/g, '')}-${receipt.runId}`;
  await store.put(`receipts/${receipt.source}/${day}/${name}.json`, `${JSON.stringify(receipt)}\n`);
}

/** The receipt of a source's latest run, finished or failed; null where it has none. */
export async function readLastReceipt(
  store: BlobStore,
  source: string,
  now: Date,
): Promise<Receipt | FailedReceipt | null> {
  const path = (await recentPaths(store, source, now)).at(-1);
  const content = path === undefined ? null : await store.get(path);
  return content ? (JSON.parse(content.toString()) as Receipt | FailedReceipt) : null;
}

/** Looks in the last days first: a source that runs each minute leaves half a million receipts a year. */
async function recentPaths(store: BlobStore, source: string, now: Date): Promise<string[]> {
  for (let ago = 0; ago < 3; ago++) {
    const paths = await store.list(`receipts/${source}/${addDays(dayOfDate(now), -ago)}`);
    if (paths.length > 0) return paths;
  }
  return store.list(`receipts/${source}`);
}
