import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { CannotStart, messageOf } from '../../domain/errors.ts';
import { isAlive } from '../../embedded/processes/process-identity.ts';
import { withTemporal } from '../../temporal/connect.ts';
import { storeOf, workersAt } from '../../temporal/queue-guard.ts';
import { printInfo } from '../output/output.ts';
import { externalTemporal, type Context } from './context.ts';

/** The server names a worker that has stopped for some more than a minute. */
const goneMs = 75_000;
const askMs = 2_000;

/**
 * Refuses a command that needs a store at rest while workers of this instance run.
 * @param storeId workers of other stores do not count
 * @returns whether a server could be asked for workers on other machines
 * @throws CannotStart
 */
export async function requireNoWorkers(context: Context, storeId: string): Promise<boolean> {
  const { home } = context;
  const holder = home.lockHolder();
  if (holder !== null || home.isRunning('worker')) {
    const who = holder === null ? '' : ` (process ${holder.pid})`;
    throw new CannotStart(
      `found a running stack in ${home.folder}${who}, whose worker writes to its store; stop it with Ctrl-C, and try again`,
    );
  }
  const temporal = externalTemporal(context);
  if (temporal === null) return false;
  let isConnected = false;
  await withTemporal(temporal, async (client) => {
    isConnected = true;
    await waitUntilGone(client, context.instance.taskQueue, storeId);
  }).catch((error: unknown) => {
    if (isConnected) throw error;
    throw new CannotStart(
      `${messageOf(error)}; it was to be asked for running workers: if none can be running, unset TEMPORAL_ADDRESS`,
      { cause: error },
    );
  });
  return true;
}

/** One that polled lately may have stopped: it is gone if it does not poll again. */
async function waitUntilGone(client: Client, taskQueue: string, storeId: string): Promise<void> {
  const deadline = Date.now() + goneMs;
  for (let isFirst = true; ; isFirst = false) {
    const workers = await workersAt(client, taskQueue);
    const own = workers.filter((identity) => [undefined, storeId].includes(storeOf(identity)?.id));
    const [worker] = own;
    if (worker === undefined) return;
    const running = own.find(isAliveHere) ?? (Date.now() > deadline ? worker : null);
    if (running !== null) {
      throw new CannotStart(
        `found the worker ${running}, which polls the task queue "${taskQueue}" and writes to the store; stop all workers, and try again`,
      );
    }
    if (isFirst) {
      printInfo(
        `the worker ${worker} has polled the task queue "${taskQueue}" in the last minute: waiting up to ${goneMs / 1000} s to see whether it has stopped`,
      );
    }
    await sleep(askMs);
  }
}

/** Whether a worker is a process of this machine that runs. */
function isAliveHere(identity: string): boolean {
  const [, pid, host] = /^(\d+)@([^/]+)/.exec(identity) ?? [];
  return host === hostname() && Number(pid) > 0 && isAlive({ pid: Number(pid), startedAt: null });
}
