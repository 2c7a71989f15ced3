import type { Client } from '@temporalio/client';

/** The server's words for the two kinds of task queues that have one name. */
const queueTypes = { workflows: 1, activities: 2 } as const;

/** The server's number for workers that are in a deployment. */
const versioned = 2;

/** A live worker polls at least this often: a poll lasts a minute. */
const freshMs = 70_000;

interface Asked {
  readonly taskQueue: string;
  readonly type: keyof typeof queueTypes;
  /** @default that of a worker that lives */
  readonly withinMs?: number | undefined;
}

/** A build of a worker deployment. */
export interface DeployedBuild {
  readonly deployment: string;
  readonly build: string;
}

interface Poller {
  /** Empty if it gives none. */
  readonly identity: string;
  /** Null = it is in no deployment. */
  readonly version: DeployedBuild | null;
}

/** Workers that have asked a task queue for work lately, and where the server routes its work. */
export interface QueuePollers {
  readonly pollers: readonly Poller[];
  /** Null = to workers without a deployment. */
  readonly current: DeployedBuild | null;
  /** Gets a part of the work; undefined = none does. */
  readonly ramping: DeployedBuild | null | undefined;
}

/** Workers that have asked a task queue for work lately, by identity; empty if one gives none. */
export async function freshPollers(client: Client, asked: Asked): Promise<readonly string[]> {
  return (await queuePollers(client, asked)).pollers.map(({ identity }) => identity);
}

/** Those that the server gives work. */
export function routedPollers({ pollers, current, ramping }: QueuePollers): readonly string[] {
  const isRouted = (version: DeployedBuild | null) =>
    isSame(version, current) || (ramping !== undefined && isSame(version, ramping));
  return pollers.filter(({ version }) => isRouted(version)).map(({ identity }) => identity);
}

function isSame(one: DeployedBuild | null, other: DeployedBuild | null): boolean {
  return one?.deployment === other?.deployment && one?.build === other?.build;
}

export async function queuePollers(
  client: Client,
  { taskQueue, type, withinMs = freshMs }: Asked,
): Promise<QueuePollers> {
  const { pollers, versioningInfo } = await client.workflowService.describeTaskQueue({
    namespace: client.options.namespace,
    taskQueue: { name: taskQueue },
    taskQueueType: queueTypes[type],
  });
  const oldest = (Date.now() - withinMs) / 1000;
  const { currentDeploymentVersion, rampingDeploymentVersion, rampingVersionPercentage } = versioningInfo ?? {};
  return {
    pollers: (pollers ?? [])
      .filter(({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) >= oldest)
      .map(({ identity, deploymentOptions }) => ({
        identity: identity ?? '',
        version: deploymentOptions?.workerVersioningMode === versioned ? toBuild(deploymentOptions) : null,
      })),
    current: toBuild(currentDeploymentVersion),
    ramping: rampingVersionPercentage ? toBuild(rampingDeploymentVersion) : undefined,
  };
}

function toBuild(
  version: { readonly deploymentName?: string | null; readonly buildId?: string | null } | null | undefined,
): DeployedBuild | null {
  const { deploymentName, buildId } = version ?? {};
  return deploymentName && buildId ? { deployment: deploymentName, build: buildId } : null;
}
