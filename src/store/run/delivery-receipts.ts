import type { Sink } from '../../domain/run/sink.ts';
import type { SinkCounts } from '../../domain/run/receipt.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import { storePaths } from '../paths/paths.ts';
import { storedJson } from '../blobs/stored-json.ts';

/** What a delivery stored in a sink. */
export interface DeliveryReceipt {
  readonly source: string;
  readonly sink: Sink;
  readonly batches: number;
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
