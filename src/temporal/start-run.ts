import { WorkflowExecutionAlreadyStartedError, type Client } from '@temporalio/client';
import type { Instance } from '../domain/instance.ts';
import { scrapeRunType, sourceAttributeKey } from '../domain/names.ts';

/**
 * Starts the run of a source as its schedule would, once for each time.
 * @param at the time, as a schedule writes it into the id
 * @param hasAttribute whether the server knows the search attribute of sources
 * @returns false if that run exists, also if it is over
 */
export async function startProbedRun(
  client: Client,
  instance: Instance,
  source: string,
  { at, hasAttribute }: { readonly at: string; readonly hasAttribute: boolean },
): Promise<boolean> {
  try {
    await client.workflow.start(scrapeRunType, {
      workflowId: instance.probedRunId(source, at),
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
      taskQueue: instance.taskQueue,
      args: [{ source }],
      ...(hasAttribute ? { typedSearchAttributes: [{ key: sourceAttributeKey, value: source }] } : {}),
    });
    return true;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
    throw error;
  }
}

/** Sources that a scheduled or commanded run is open of; the list lags a moment. */
export async function sourcesWithOpenRuns(client: Client, instance: Instance): Promise<ReadonlySet<string>> {
  const query = instance.query(`WorkflowType = '${scrapeRunType}' AND ExecutionStatus = 'Running'`);
  const sources = new Set<string>();
  for await (const { workflowId } of client.workflow.list({ query })) {
    const source = instance.sourceOfRun(workflowId);
    if (source !== null) sources.add(source);
  }
  return sources;
}
