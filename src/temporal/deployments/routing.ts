import { isGrpcServiceError, type Client } from '@temporalio/client';
import { queuePollers } from '../fresh-pollers.ts';

/** Which builds of a worker deployment get new work, and that of open workflows. */
export interface Routing {
  /** Null = none: workers without a deployment get it. */
  readonly current: string | null;
  readonly ramping: { readonly build: string; readonly percent: number } | null;
  readonly builds: readonly Build[];
}

export interface Build {
  readonly name: string;
  /** As the server names it: `current`, `ramping`, `draining`, `drained`, `inactive`. */
  readonly status: string;
  /** Whether a worker polls with it. */
  readonly hasWorker: boolean;
}

const notFound = 5;

/** The routing of a deployment; null if the server does not know it: no worker of it has polled yet. */
export async function describeRouting(client: Client, name: string, taskQueue: string): Promise<Routing | null> {
  const { namespace } = client.options;
  try {
    const [{ workerDeploymentInfo }, polling] = await Promise.all([
      client.workflowService.describeWorkerDeployment({ namespace, deploymentName: name }),
      pollingBuilds(client, name, taskQueue),
    ]);
    const { routingConfig, versionSummaries } = workerDeploymentInfo ?? {};
    const ramping = routingConfig?.rampingDeploymentVersion?.buildId;
    return {
      current: routingConfig?.currentDeploymentVersion?.buildId ?? null,
      ramping: ramping ? { build: ramping, percent: routingConfig?.rampingVersionPercentage ?? 0 } : null,
      builds: (versionSummaries ?? []).map(({ deploymentVersion, status }) => {
        const build = deploymentVersion?.buildId ?? '';
        return { name: build, status: statusNames[Number(status)] ?? 'unknown', hasWorker: polling.has(build) };
      }),
    };
  } catch (error) {
    if (isGrpcServiceError(error) && error.code === notFound) return null;
    throw error;
  }
}

/** By the server's numbers. */
const statusNames = ['unknown', 'inactive', 'current', 'ramping', 'draining', 'drained', 'created'];

/** Routes everything to a build, at once. @param build null = to workers without a deployment */
export async function setCurrent(client: Client, name: string, build: string | null): Promise<void> {
  const { namespace, identity } = client.options;
  const request = { namespace, deploymentName: name, buildId: build ?? '', identity };
  await client.workflowService.setWorkerDeploymentCurrentVersion(request);
}

/** Routes a part to a build; nothing if that is 0. */
export async function setRamp(client: Client, name: string, build: string, percentage: number): Promise<void> {
  const { namespace, identity } = client.options;
  const buildId = percentage === 0 ? '' : build;
  const request = { namespace, deploymentName: name, buildId, percentage, identity };
  await client.workflowService.setWorkerDeploymentRampingVersion(request);
}

/** Builds of a deployment that workers poll a queue with. */
async function pollingBuilds(client: Client, name: string, taskQueue: string): Promise<ReadonlySet<string>> {
  const { pollers } = await queuePollers(client, { taskQueue, type: 'workflows' });
  return new Set(pollers.flatMap(({ version }) => (version?.deployment === name ? [version.build] : [])));
}
