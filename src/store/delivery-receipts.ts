import type { Sink, SinkCounts } from '../domain/receipt.ts';
import type { BlobStore } from './blob-store.ts';

/** What a delivery brought to a sink: `deliveries/<source>/<day>/<time>-<sink>.json`. */
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
  const { source, sink, finishedAt } = receipt;
  const name = `${finishedAt.replaceAll(/[:.-]/g, '')}-${sink}`;
  await store.put(`deliveries/${source}/${finishedAt.slice(0, 10)}/${name}.json`, `${JSON.stringify(receipt)}\n`);
}
