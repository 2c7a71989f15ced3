import type { Client, WorkflowHandle } from '@temporalio/client';
import { backfillId, backfillType } from '../domain/names.ts';

/** Asks the backfill of a source for a range, and starts it where none is under way. */
export async function signalBackfill(
  client: Client,
  taskQueue: string,
  source: string,
  payload: unknown,
): Promise<WorkflowHandle> {
  return client.workflow.signalWithStart(backfillType, {
    ...{ workflowId: backfillId(source), taskQueue, signal: 'backfill', signalArgs: [payload] },
    args: [{ source }],
    priority: { priorityKey: 4, fairnessKey: source },
  });
}
