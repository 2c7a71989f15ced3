import type { Client } from '@temporalio/client';
import type pg from 'pg';
import { withTimeout } from '../formats/timeout.ts';
import { isMigrated } from '../sinks/postgres/commands/migrate.ts';
import type { DeploymentWatch } from './deployment-watch.ts';
import type { StorageWatch } from './storage/storage-watch.ts';

/** How long a server may take to answer. */
const askMs = 2_000;

interface Readiness {
  readonly questions: pg.Pool;
  readonly schema: string;
  readonly client: Client;
  /** Of the Temporal server. */
  readonly address: string;
  readonly worker: { readonly isRunning: boolean };
  readonly storage: StorageWatch;
  readonly deployment: DeploymentWatch;
}

/** Names what a worker misses before it can do its work. */
export async function notReadyReasons(of: Readiness): Promise<readonly string[]> {
  const { questions, schema, client, address, worker, storage, deployment } = of;
  const [migrated, reached] = await Promise.all([
    withTimeout(askMs, isMigrated(questions, schema)).catch(() => null),
    reaches(client),
    withTimeout(askMs, storage.probe()).catch(() => undefined),
  ]);
  return [
    ...(migrated === null ? ['PostgreSQL cannot be reached'] : []),
    ...(migrated === false ? ['PostgreSQL is not migrated: run ./daybook migrate'] : []),
    ...(reached ? [] : [`Temporal at ${address} cannot be reached`]),
    ...(worker.isRunning ? [] : ['the worker does not poll']),
    ...(deployment.problem === null ? [] : [deployment.problem]),
    ...storage.problems(),
  ];
}

async function reaches(client: Client): Promise<boolean> {
  // The native client keeps trying long after a deadline.
  return withTimeout(askMs, client.workflowService.getSystemInfo({})).then(
    () => true,
    () => false,
  );
}
