import type { Client } from '@temporalio/client';
import { deliverId, deliverSignalName, deliverType } from '../domain/names.ts';
import type { Sink } from '../domain/receipt.ts';

/** Starts the deliverer of a sink and source, or tells the one that runs to look again. */
export async function wakeDeliverer(client: Client, taskQueue: string, sink: Sink, source: string): Promise<void> {
  await client.workflow.signalWithStart(deliverType, {
    ...{ workflowId: deliverId(sink, source), taskQueue, args: [{ sink, source }] },
    ...{ signal: deliverSignalName, signalArgs: [] },
    priority: { priorityKey: 4, fairnessKey: source },
  });
}
