import type { Client } from '@temporalio/client';
import type { Instance } from '../domain/instance.ts';
import { sinkWatchType, watchSignalName } from '../domain/names.ts';
import type { Sink } from '../domain/run/sink.ts';

/**
 * Makes sure that a sink is watched from now on: starts its watch, or signals the running one, which then does not end before it has
 * found the sink available once more.
 */
export async function startSinkWatch(client: Client, instance: Instance, sink: Sink, everyMs: number): Promise<void> {
  const { taskQueue } = instance;
  await client.workflow.signalWithStart(sinkWatchType, {
    workflowId: instance.sinkWatchId(sink),
    taskQueue,
    args: [
      {
        sink,
        everyMs,
      },
    ],
    signal: watchSignalName,
    signalArgs: [],
    // All deliverers wait for it.
    priority: { priorityKey: 2 },
  });
}
