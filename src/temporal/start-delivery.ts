import type { Client } from '@temporalio/client';
import type { Instance } from '../domain/instance.ts';
import { inParallel } from '../domain/in-parallel.ts';
import { deliverSignalName, deliverType, sinkAnswers } from '../domain/names.ts';
import type { Sink } from '../domain/run/sink.ts';
import type { BlobStore } from '../store/blobs/blob-store.ts';
import { waitingDeliveries, waitingSources } from '../store/delivery/deferred.ts';

/** Deliverers that are signalled at once. They deliver a few at a time anyway. */
const signalledAtOnce = 4;

/**
 * Starts the deliverer of a sink and source, or signals the running one to check again.
 * @param news what the signal carries; without it a deliverer that has found the sink unavailable continues to wait
 */
export async function startDelivery(
  client: Client,
  instance: Instance,
  sink: Sink,
  source: string,
  news?: typeof sinkAnswers,
): Promise<void> {
  const { taskQueue } = instance;
  const signalArgs: unknown[] = news === undefined ? [] : [news];
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
    signalArgs,
    priority: {
      priorityKey: 4,
      fairnessKey: source,
    },
  });
}

/** The same for all sources with batches that wait for a sink, once it is available; returns how many there are. */
export async function resumeDeliveries(
  client: Client,
  instance: Instance,
  store: BlobStore,
  sink: Sink,
): Promise<number> {
  const sources = [...(await waitingSources(store, sink))];
  await inParallel(sources, signalledAtOnce, (source) => startDelivery(client, instance, sink, source, sinkAnswers));
  return sources.length;
}

/** Makes sure that all deferred batches have a deliverer; returns how many deliverers there are. */
export async function startDeliveries(client: Client, instance: Instance, store: BlobStore): Promise<number> {
  const waiting = await waitingDeliveries(store);
  for (const { sink, source } of waiting) await startDelivery(client, instance, sink, source);
  return waiting.length;
}
