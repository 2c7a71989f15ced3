import type { Client, WorkflowHandle } from '@temporalio/client';
import { backfillId, backfillType, isRunOf, scrapeRunType, sourceSearchAttribute } from '../domain/names.ts';

/** Runs and backfills of a source that are under way, also those started by hand under ids of their own. */
export async function openWorkflowsOf(client: Client, source: string): Promise<WorkflowHandle[]> {
  const byId = `WorkflowId STARTS_WITH 'scrape-${source}-' OR WorkflowId STARTS_WITH '${backfillId(source)}'`;
  const found = await openWorkflows(client, `${byId} OR ${sourceSearchAttribute} = '${source}'`)
    // The server does not know the search attribute: ids must do.
    .catch(() => openWorkflows(client, byId));
  return (
    found
      .filter(
        ({ workflowId, bearsSource }) =>
          bearsSource.includes(source) ||
          isRunOf(source, workflowId) ||
          workflowId === backfillId(source) ||
          workflowId.startsWith(`${backfillId(source)}/`),
      )
      // Without run id: a workflow that goes on in a new history meanwhile hears it there.
      .map(({ workflowId }) => client.workflow.getHandle(workflowId))
  );
}

async function openWorkflows(client: Client, query: string) {
  const types = `WorkflowType = '${scrapeRunType}' OR WorkflowType = '${backfillType}'`;
  const found = [];
  const open = client.workflow.list({ query: `ExecutionStatus = 'Running' AND (${types}) AND (${query})` });
  for await (const { workflowId, runId, searchAttributes } of open) {
    found.push({ workflowId, runId, bearsSource: (searchAttributes[sourceSearchAttribute] ?? []) as unknown[] });
  }
  return found;
}
