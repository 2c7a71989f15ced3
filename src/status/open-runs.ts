import type { Client } from '@temporalio/client';
import type { Instance } from '../domain/instance.ts';
import { scrapeRunType } from '../domain/names.ts';
import type { PausedBy } from '../domain/run/pause-note.ts';
import type { Progress } from '../workflows/messages.ts';
import { waitOf, type RunWait } from './run-waits.ts';

/** An active run. */
export interface OpenRun {
  readonly workflowId: string;
  /** When it began. ISO 8601. */
  readonly since: string;
  /** What it waits for; absent if it does not, or was not asked. */
  readonly waits?: RunWait;
}

interface OpenWorkflow extends OpenRun {
  readonly runId: string;
}

/** Fetching workflows that the server lists as open, windows of backfills too. One that was terminated is not among them. */
export async function openWorkflows(client: Client, instance: Instance): Promise<readonly OpenWorkflow[]> {
  const found: OpenWorkflow[] = [];
  const query = instance.query(`WorkflowType = '${scrapeRunType}' AND ExecutionStatus = 'Running'`);
  for await (const { workflowId, runId, startTime } of client.workflow.list({ query })) {
    found.push({ workflowId, runId, since: startTime.toISOString() });
  }
  return found;
}

/** Scheduled and commanded runs by source; of several the oldest. @param waits by workflow id */
export function runsBySource(
  instance: Instance,
  open: readonly OpenRun[],
  waits: ReadonlyMap<string, RunWait> = new Map(),
): ReadonlyMap<string, OpenRun> {
  const runs = new Map<string, OpenRun>();
  for (const { workflowId, since } of open) {
    // By its id: a run has its search attribute only once a worker has taken it.
    const source = instance.sourceOfRun(workflowId);
    if (source === null) continue;
    const other = runs.get(source);
    const wait = waits.get(workflowId);
    if (!other || since < other.since) runs.set(source, { workflowId, since, ...(wait ? { waits: wait } : {}) });
  }
  return runs;
}

/** What delays runs. */
export interface PausedRuns {
  /** Runs paused by a signal, by source, although their schedules are not paused. */
  readonly paused: ReadonlyMap<string, PausedBy>;
  /** What others wait for, by workflow id. */
  readonly waits: ReadonlyMap<string, RunWait>;
}

export async function pausedRuns(client: Client, open: readonly OpenWorkflow[]): Promise<PausedRuns> {
  const paused = new Map<string, PausedBy>();
  const waits = new Map<string, RunWait>();
  const ask = async ({ workflowId, runId }: OpenWorkflow) => {
    const handle = client.workflow.getHandle(workflowId, runId);
    // Without a worker there is no answer.
    const asking = client.withDeadline(Date.now() + askMs, () => handle.query<Progress>('progress')).catch(() => null);
    const wait = await waitOf(handle, () => asking).catch(() => null);
    if (wait) waits.set(workflowId, wait);
    const progress = await asking;
    if (progress?.paused) paused.set(progress.source, progress.paused);
  };
  await Promise.all(open.map(ask));
  return { paused, waits };
}

/** How long a run is waited for. */
const askMs = 2_000;
