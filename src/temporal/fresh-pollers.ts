import type { Client } from '@temporalio/client';
import { describePartitions, type QueueType } from './queue-partitions.ts';

/** The server's number for workers that are in a deployment. */
const versioned = 2;

/** A live worker polls at least this often: a poll lasts a minute. */
const freshMs = 70_000;

interface Asked {
  readonly taskQueue: string;
  readonly type: QueueType;
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
  const partitions = await describePartitions(client, taskQueue, type);
  const oldest = (Date.now() - withinMs) / 1000;
  const { currentDeploymentVersion, rampingDeploymentVersion, rampingVersionPercentage } =
    partitions[0].versioningInfo ?? {};
  const pollers = partitions
    .flatMap((partition) => partition.pollers ?? [])
    .filter(({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) >= oldest)
    .map(({ identity, deploymentOptions }) => ({
      identity: identity ?? '',
      version: deploymentOptions?.workerVersioningMode === versioned ? toBuild(deploymentOptions) : null,
    }));
  return {
    pollers: withoutDuplicates(pollers),
    current: toBuild(currentDeploymentVersion),
    ramping: rampingVersionPercentage ? toBuild(rampingDeploymentVersion) : undefined,
  };
}

/** One each: a worker polls several partitions. */
function withoutDuplicates(pollers: readonly Poller[]): readonly Poller[] {
  return [...new Map(pollers.map((poller) => [JSON.stringify(poller), poller])).values()];
}

function toBuild(
  version: { readonly deploymentName?: string | null; readonly buildId?: string | null } | null | undefined,
): DeployedBuild | null {
  const { deploymentName, buildId } = version ?? {};
  return deploymentName && buildId ? { deployment: deploymentName, build: buildId } : null;
}
