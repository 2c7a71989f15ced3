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
  let paths = await listRecentReceipts(store, source, now);
  if (paths.length === 0) paths = await listReceipts(store, source);
  const path = paths.at(-1);
  return path === undefined ? null : readReceipt(store, path);
}

/** Reads a receipt; null where it is gone. */
export async function readReceipt(store: BlobStore, path: string): Promise<Receipt | FailedReceipt | null> {
  const content = await store.get(path);
  return content ? (JSON.parse(content.toString()) as Receipt | FailedReceipt) : null;
}

/** Paths of the receipts of a source, the oldest first: one that runs each minute leaves half a million a year. */
export function listReceipts(store: BlobStore, source: string): Promise<string[]> {
  return store.list(`receipts/${source}`);
}

/** The same for the latest day that has any, among the last three. */
export async function listRecentReceipts(store: BlobStore, source: string, now: Date): Promise<string[]> {
  for (let ago = 0; ago < 3; ago++) {
    const paths = await store.list(`receipts/${source}/${addDays(dayOfDate(now), -ago)}`);
    if (paths.length > 0) return paths;
  }
  return [];
}
