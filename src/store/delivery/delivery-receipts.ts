import type { SinkCounts } from '../../domain/run/receipt.ts';
import type { Sink } from '../../domain/run/sink.ts';
import { addDays, dayOfDate } from '../../domain/time/day.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import { hasFields, readStoredJson, storedJson } from '../blobs/stored-json.ts';
import { storePaths } from '../paths/paths.ts';

/** What a delivery stored in a sink. */
export interface DeliveryReceipt {
  readonly source: string;
  readonly sink: Sink;
  readonly batches: number;
  /** The hashes of these batches: one that still has its marker is counted already. Absent in receipts of 0.2.0. */
  readonly hashes?: readonly string[];
  readonly counts: SinkCounts;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly workflowId: string;
  readonly runId: string;
}

export async function writeDeliveryReceipt(store: BlobStore, receipt: DeliveryReceipt): Promise<void> {
  const path = storePaths.delivery.build({ ...receipt, day: receipt.finishedAt.slice(0, 10) });
  await store.put(path, storedJson(receipt));
}

/** As many passes may have been killed one after the other, before the markers of the first were deleted. */
const lastReceipts = 5;

/** Hashes of the batches in the last receipts of a sink and source; of those that are older than a day, gone or damaged none. */
export async function lastDelivered(
  store: BlobStore,
  sink: Sink,
  source: string,
  now: Date,
): Promise<ReadonlySet<string>> {
  let paths: string[] = [];
  // Another worker's clock may be ahead.
  for (const ahead of [1, 0, -1]) {
    if (paths.length >= lastReceipts) break;
    const ofDay = await store.list(storePaths.delivery.folder({ source, day: addDays(dayOfDate(now), ahead) }));
    paths = paths.concat(ofDay.filter((path) => storePaths.delivery.parse(path)?.sink === sink).reverse());
  }
  const last = paths.slice(0, lastReceipts);
  const receipts = await Promise.all(
    last.map((path) => readStoredJson(store, path, 'a delivery receipt', isDeliveryReceipt)),
  );
  return new Set(receipts.flatMap((receipt) => receipt?.hashes ?? []));
}

function isDeliveryReceipt(value: unknown): value is DeliveryReceipt {
  if (!hasFields(value, { source: 'string', sink: 'string', counts: 'object' })) return false;
  const { hashes = [] } = value as DeliveryReceipt;
  return Array.isArray(hashes) && hashes.every((hash) => typeof hash === 'string');
}
