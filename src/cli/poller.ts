import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { taskQueue } from '../domain/names.ts';
import { CannotStart } from './cannot-start.ts';

/** How long a worker is waited for. */
const patienceMs = 15_000;
/** A worker that lives asks at least this often: a poll lasts a minute. */
const freshMs = 70_000;
const workflowQueue = 1;

/**
 * Waits until a worker polls the task queue.
 * @throws CannotStart after 15 s without one
 */
export async function requirePoller(client: Client): Promise<void> {
  const deadline = Date.now() + patienceMs;
  while (!(await hasPoller(client))) {
    if (Date.now() > deadline) throw noPoller();
    await sleep(500);
  }
}

function noPoller(): CannotStart {
  return new CannotStart(
    `run: no worker polls the task queue "${taskQueue}" since ${patienceMs / 1000} s, expected one; start it with ./daybook worker, or ./daybook up`,
  );
}

/**
 * The result of a workflow that was just started.
 * @throws CannotStart where no worker takes it up in 15 s: the last poller died meanwhile. The workflow is terminated.
 */
export async function unlessNotTakenUp(handle: WorkflowHandle): Promise<unknown> {
  const over = new AbortController();
  const watch = async (): Promise<never> => {
    await sleep(patienceMs, undefined, { signal: over.signal });
    const { historyLength } = await handle.describe();
    // Started, and its first task scheduled: nobody has looked at it yet.
    if (historyLength > 2) return new Promise<never>(() => {});
    await handle.terminate('no worker took it up');
    throw noPoller();
  };
  const watching = watch();
  watching.catch(() => undefined);
  try {
    return await Promise.race([handle.result(), watching]);
  } finally {
    over.abort();
  }
}

/** Whether a worker polls the task queue. */
export async function hasPoller(client: Client): Promise<boolean> {
  const { pollers } = await client.workflowService.describeTaskQueue({
    namespace: client.options.namespace,
    taskQueue: { name: taskQueue },
    taskQueueType: workflowQueue,
  });
  const oldest = Date.now() / 1000 - freshMs / 1000;
  return (pollers ?? []).some(({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) >= oldest);
}
