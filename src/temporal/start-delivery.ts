import type { Client } from '@temporalio/client';
import type { Instance } from '../domain/instance.ts';
import { deliverSignalName, deliverType } from '../domain/names.ts';
import type { Sink } from '../domain/run/sink.ts';
import type { BlobStore } from '../store/blobs/blob-store.ts';
import { waitingDeliveries } from '../store/delivery/deferred.ts';

/** Starts the deliverer of a sink and source, or signals the running one to check again. */
export async function startDelivery(client: Client, instance: Instance, sink: Sink, source: string): Promise<void> {
  const { taskQueue } = instance;
  await client.workflow.signalWithStart(deliverType, {
    workflowId: instance.deliverId(sink, source),
    taskQueue,
    args: [
      {
        sink,
        source,
      },
    ],
    signal: deliverSignalName,
    signalArgs: [],
    priority: {
      priorityKey: 4,
      fairnessKey: source,
    },
  });
}

/** Makes sure that all deferred batches have a deliverer; returns how many deliverers there are. */
export async function startDeliveries(client: Client, instance: Instance, store: BlobStore): Promise<number> {
  const waiting = await waitingDeliveries(store);
  for (const { sink, source } of waiting) await startDelivery(client, instance, sink, source);
  return waiting.length;
}
