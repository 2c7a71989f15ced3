import type { Client } from '@temporalio/client';
import type { Instance } from '../domain/instance.ts';
import { rolloverType } from '../domain/names.ts';
import type { RolloverResult } from '../workflows/rollover/partition-rollover.ts';

/** How many rollovers are checked to find one that did all its steps. */
const maxRead = 10;

/**
 * When the last rollover ended that did all its steps. ISO 8601; null = Temporal remembers none.
 * @param known what was found before, by run: a result never changes
 * @throws if Temporal cannot be asked
 */
export async function readLastMaintenance(
  client: Client,
  instance: Instance,
  known: Map<string, boolean>,
): Promise<string | null> {
  const query = instance.query(`WorkflowType = '${rolloverType}' AND ExecutionStatus = 'Completed'`);
  let read = 0;
  for await (const { workflowId, runId, closeTime } of client.workflow.list({ query, pageSize: maxRead })) {
    if (read++ === maxRead) break;
    const isWhole = known.get(runId) ?? (await didAll(client, workflowId, runId));
    known.set(runId, isWhole);
    if (isWhole) return closeTime?.toISOString() ?? null;
  }
  return null;
}

async function didAll(client: Client, workflowId: string, runId: string): Promise<boolean> {
  const result = (await client.workflow.getHandle(workflowId, runId).result()) as RolloverResult;
  return !result.dryRun && result.failed.length === 0;
}
