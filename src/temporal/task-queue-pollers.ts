import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, WorkflowHandle } from '@temporalio/client';
import type { Instance } from '../domain/instance.ts';
import { CannotStart } from '../domain/errors.ts';
import { queuePollers, routedPollers, type QueuePollers } from './fresh-pollers.ts';

/** How long to wait for a worker. */
const timeoutMs = 15_000;
/** A fully occupied worker does not poll. The server forgets it after five minutes. */
const busyMs = 300_000;
/** An answer about pollers is reused for this long. */
const answerMs = 5_000;

/** Whether a worker is known that will start what waits, sooner or later. */
export type IsWorkerKnown = () => Promise<boolean>;

/**
 * Waits until a worker polls the task queue and gets its work.
 * @param isHere whether one is known that runs on this machine: its caller waits for it
 * @throws CannotStart after 15 s without one
 */
export async function requirePoller(
  client: Client,
  instance: Instance,
  isHere: () => boolean = () => false,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!isHere() && !(await hasPoller(client, instance))) {
    if (Date.now() > deadline) {
      const problem = await pollerProblem(client, instance, busyMs);
      if (problem === null) return;
      throw new CannotStart(`run: ${problem}`);
    }
    await sleep(500);
  }
}

/** Why no worker gets the work of the task queue; null if one does. @param withinMs how lately it has polled */
export async function pollerProblem(
  client: Client,
  { taskQueue }: Instance,
  withinMs?: number,
): Promise<string | null> {
  const found = await queuePollers(client, { taskQueue, type: 'workflows', withinMs });
  if (routedPollers(found).length > 0) return null;
  if (found.pollers.length > 0) return unrouted(taskQueue, found);
  return `no worker has polled the task queue "${taskQueue}" for ${timeoutMs / 1000} s; start one with ./daybook worker or ./daybook up`;
}

function unrouted(taskQueue: string, { pollers, current }: QueuePollers): string {
  const versions = pollers.flatMap(({ version }) => version ?? []);
  const next = versions[0] === undefined ? '' : `, or run ./daybook deployment current ${versions[0].build}`;
  if (current !== null) {
    return `no worker of "${current.build}", the current build of the deployment "${current.deployment}", polls the task queue "${taskQueue}"; start one${next}`;
  }
  return `no build of the deployment "${versions[0]?.deployment}" is current, so its workers get no work of the task queue "${taskQueue}"; start a worker without DAYBOOK_DEPLOYMENT${next}`;
}

/** Looks for a worker on this machine, else for one that has asked for work within five minutes. */
export function knownWorkers(client: Client, instance: Instance, isHere: () => boolean): IsWorkerKnown {
  let answer: Promise<boolean> = Promise.resolve(true);
  let askedAt = Number.NEGATIVE_INFINITY;
  return async () => {
    if (isHere()) return true;
    if (performance.now() - askedAt > answerMs) {
      askedAt = performance.now();
      // No answer of a busy server is not a finding about workers.
      answer = hasPoller(client, instance, busyMs).catch(() => true);
    }
    return answer;
  };
}

/**
 * The result of a workflow that was just started. Until a worker starts it, it is waited for as long as one is known.
 * @throws CannotStart if none is known; the workflow stays, and runs once there is one
 */
export async function resultOnceStarted(
  handle: WorkflowHandle,
  { taskQueue }: Instance,
  isKnown: IsWorkerKnown,
  everyMs = timeoutMs,
): Promise<unknown> {
  return raceWith(handle, async (signal) => {
    while (!(await isStarted(handle, everyMs, signal))) {
      if (await isKnown()) continue;
      throw new CannotStart(
        `run: no worker polls the task queue "${taskQueue}"; ${handle.workflowId} stays open and runs once a worker does; start one with ./daybook worker or ./daybook up`,
      );
    }
  });
}

/**
 * The result of a workflow that is useless later.
 * @throws CannotStart if no worker starts it in 15 s and none polls: the last poller died meanwhile. The workflow is terminated.
 */
export async function resultOrNoWorker(client: Client, instance: Instance, handle: WorkflowHandle): Promise<unknown> {
  return raceWith(handle, async (signal) => {
    while (!(await isStarted(handle, timeoutMs, signal))) {
      const problem = await pollerProblem(client, instance).catch(() => null);
      if (problem === null) continue;
      await handle.terminate('no worker started it');
      throw new CannotStart(`run: ${problem}`);
    }
  });
}

/** Waits a while, and returns whether a worker has started the workflow by then. */
async function isStarted(handle: WorkflowHandle, waitMs: number, signal: AbortSignal): Promise<boolean> {
  await sleep(waitMs, undefined, { signal });
  // Started, and its first task scheduled: no worker has started it yet.
  return handle.describe().then(
    ({ historyLength }) => historyLength > 2,
    () => false,
  );
}

/** @param watch ends where the workflow runs, and throws where there is nothing to wait for */
async function raceWith(handle: WorkflowHandle, watch: (signal: AbortSignal) => Promise<void>): Promise<unknown> {
  const over = new AbortController();
  const watching = watch(over.signal).then(() => new Promise<never>(() => {}));
  watching.catch(() => undefined);
  try {
    return await Promise.race([handle.result(), watching]);
  } finally {
    over.abort();
  }
}

/** Whether a worker polls the task queue and gets its work. @param withinMs how lately; default = so that it lives */
async function hasPoller(client: Client, instance: Instance, withinMs?: number): Promise<boolean> {
  return (await pollerProblem(client, instance, withinMs)) === null;
}
