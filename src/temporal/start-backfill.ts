import type { Client, WorkflowHandle } from '@temporalio/client';
import type { Instance } from '../domain/instance.ts';
import { backfillType } from '../domain/names.ts';

/** Requests a range from the backfill of a source, and starts one if none is running. */
export async function startBackfill(
  client: Client,
  instance: Instance,
  source: string,
  payload: unknown,
): Promise<WorkflowHandle> {
  return client.workflow.signalWithStart(backfillType, {
    workflowId: instance.backfillId(source),
    taskQueue: instance.taskQueue,
    signal: 'backfill',
    signalArgs: [payload],
    args: [{ source }],
    priority: {
      priorityKey: 4,
      fairnessKey: source,
    },
  });
}
