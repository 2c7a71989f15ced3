import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { Instance } from '../domain/instance.ts';

/** Ids of all workflows of an instance that are in progress, of whatever type. */
export async function* runningWorkflows(client: Client, instance: Instance): AsyncGenerator<string> {
  const query = instance.query(`ExecutionStatus = 'Running'`);
  for await (const { workflowId } of client.workflow.list({ query })) yield workflowId;
}

/** Whether a workflow is over; also true if the server no longer knows it. */
export async function hasEnded(client: Client, workflowId: string): Promise<boolean> {
  try {
    const { status } = await client.workflow.getHandle(workflowId).describe();
    return status.name !== 'RUNNING';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return true;
    throw error;
  }
}
