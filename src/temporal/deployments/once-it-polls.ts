import { setTimeout as sleep } from 'node:timers/promises';
import { isGrpcServiceError, type Client } from '@temporalio/client';
import { CannotStart } from '../../domain/errors.ts';
import type { Instance } from '../../domain/instance.ts';
import { describeRouting } from './routing.ts';

const [notFound, failedPrecondition, unimplemented] = [5, 9, 12];
/** How long a worker that was just started may take to be known. */
const timeoutMs = 15_000;
/** How long the server may take to know all queues that a build polls. */
const settleMs = 2_000;

/**
 * Repeats a change while no worker of the build polls yet.
 * @throws CannotStart if none does, or the server refuses the change, or has no deployments
 */
export async function onceItPolls(
  client: Client,
  { taskQueue }: Instance,
  name: string,
  build: string | null,
  change: () => Promise<void>,
): Promise<void> {
  const timeoutAt = Date.now() + timeoutMs;
  let settledAt = Infinity;
  for (;;) {
    try {
      return await change();
    } catch (error) {
      if (!isGrpcServiceError(error)) throw error;
      const { code } = error;
      if (code === unimplemented) {
        throw new CannotStart(
          'deployment: the Temporal server has no worker deployments, expected version 1.28 or later',
          { cause: error },
        );
      }
      if (code !== notFound && code !== failedPrecondition) throw error;
      const routing = await describeRouting(client, name, taskQueue);
      const polls =
        build === null ? routing !== null : routing?.builds.some((one) => one.name === build && one.hasWorker) === true;
      if (polls) settledAt = Math.min(settledAt, Date.now() + settleMs);
      if (Date.now() < (polls ? settledAt : timeoutAt)) {
        await sleep(500);
        continue;
      }
      const known = routing?.builds.map((one) => one.name).join(', ');
      const next = polls
        ? ''
        : `; start a worker with DAYBOOK_DEPLOYMENT=${name}${build === null ? '' : ` DAYBOOK_BUILD=${build}`} first; builds that have polled: ${known || 'none'}`;
      throw new CannotStart(
        `deployment: ${name} cannot be routed to ${build ?? 'workers without a deployment'}: ${error.details}${next}`,
        { cause: error },
      );
    }
  }
}
