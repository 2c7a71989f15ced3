import type { Client } from '@temporalio/client';
import { wakeDeliverer } from '../activities/wake-deliverer.ts';
import type { BlobStore } from '../store/blob-store.ts';
import { waitingDeliveries } from '../store/deferred.ts';

/** Sees to it that everything that waits for a sink has a deliverer. */
export async function wakeDeliverers(client: Client, taskQueue: string, store: BlobStore): Promise<void> {
  for (const { sink, source } of await waitingDeliveries(store)) await wakeDeliverer(client, taskQueue, sink, source);
}
