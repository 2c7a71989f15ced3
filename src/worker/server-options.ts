import { readFile } from 'node:fs/promises';
import type { WorkerOptions } from '@temporalio/worker';
import { dataConverter } from '../temporal/client.ts';
import { workflowBundle } from '../temporal/deployments/own-build.ts';
import { deploymentOptions } from './deployment-watch.ts';
import type { WorkerSettings } from './worker-settings.ts';

/** What every worker of this process tells the server, whichever queue it polls. */
export function serverOptions({ temporal, deployment }: WorkerSettings) {
  return {
    namespace: temporal.namespace,
    dataConverter: dataConverter(temporal),
    ...(deployment ? { workerDeploymentOptions: deploymentOptions(deployment) } : {}),
  } satisfies Partial<WorkerOptions>;
}

/**
 * The workflows, with what this worker decides for them: it is no part of a history, and the same history is replayed with either
 * value. See `src/workflows/interceptors.ts`.
 */
export async function workflowsOf({ temporal }: WorkerSettings): Promise<{ readonly code: string }> {
  const code = await readFile(workflowBundle, 'utf8');
  return { code: temporal.fairness === true ? withFairness(code) : code };
}

/** On the first line: what is below keeps its place. */
export function withFairness(code: string): string {
  return `const daybookFairness = true; ${code}`;
}
