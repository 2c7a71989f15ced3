import type { Client } from '@temporalio/client';
import { deliverId, deliverSignalName, deliverType } from '../domain/names.ts';
import type { Sink } from '../domain/receipt.ts';
import type { BlobStore } from '../store/blob-store.ts';
import { waitingDeliveries } from '../store/deferred.ts';

/** Starts the deliverer of a sink and source, or tells the one that runs to look again. */
export async function wakeDeliverer(client: Client, taskQueue: string, sink: Sink, source: string): Promise<void> {
  await client.workflow.signalWithStart(deliverType, {
    ...{ workflowId: deliverId(sink, source), taskQueue, args: [{ sink, source }] },
    ...{ signal: deliverSignalName, signalArgs: [] },
    priority: { priorityKey: 4, fairnessKey: source },
  });
}

/** Sees to it that everything that waits for a sink has a deliverer; returns how many those are. */
export async function wakeDeliverers(client: Client, taskQueue: string, store: BlobStore): Promise<number> {
  const waiting = await waitingDeliveries(store);
  for (const { sink, source } of waiting) await wakeDeliverer(client, taskQueue, sink, source);
  return waiting.length;
}
