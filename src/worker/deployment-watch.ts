import type { Client } from '@temporalio/client';
import type { WorkerDeploymentOptions } from '@temporalio/worker';
import type { DeploymentSetting } from '../config/environment/deployment-setting.ts';
import type { Instance } from '../domain/instance.ts';
import { ownBuild } from '../temporal/deployments/own-build.ts';
import { describeRouting, type Routing } from '../temporal/deployments/routing.ts';
import type { Logger } from './logger.ts';

/** How a worker takes part in a deployment. No workflow is pinned to a build: each continues with the one that is current. */
export function deploymentOptions(setting: DeploymentSetting): WorkerDeploymentOptions {
  return {
    version: { deploymentName: setting.name, buildId: ownBuild(setting) },
    useWorkerVersioning: true,
    defaultVersioningBehavior: 'AUTO_UPGRADE',
  };
}

/** What keeps work from the workers of a deployment; null if nothing does. */
export function routingProblem(routing: Routing | null, deployment: string, build: string): string | null {
  const next = `run ./daybook deployment current ${build}`;
  if (routing === null || routing.current === null)
    return `no build of the deployment "${deployment}" is current: ${next}`;
  const current = routing.builds.find(({ name }) => name === routing.current);
  if (current?.hasWorker === true) return null;
  return `no worker has the current build "${routing.current}" of the deployment "${deployment}": ${next}`;
}

const everyMs = 10_000;
/** While a worker gets no work it waits for a command of an operator, who looks at it. */
const problemMs = 2_000;
/** No routing is known right after the first poll of a deployment. */
const firstMs = 2_000;

/** Looks whether the workers of a deployment get work, and logs when that changes. */
export class DeploymentWatch {
  /** Null = nothing, or not known yet. */
  problem: string | null = null;
  #timer: NodeJS.Timeout | null = null;
  #isLogged = false;

  start(client: Client, instance: Instance, setting: DeploymentSetting, logger: Logger): void {
    const build = ownBuild(setting);
    const facts = { deployment: setting.name, build };
    const look = async () => {
      // No answer is no finding: whether the server can be reached is asked elsewhere.
      const routing = await describeRouting(client, setting.name, instance.taskQueue).catch(() => undefined);
      if (routing === undefined) return;
      const problem = routingProblem(routing, setting.name, build);
      if (this.#isLogged && problem === this.problem) return;
      this.#isLogged = true;
      this.problem = problem;
      if (problem === null) logger.info({ ...facts, current: routing?.current }, 'Deployment has a current build');
      else logger.warn({ ...facts, problem }, 'Deployment gives its workers no work');
    };
    const repeat = (afterMs: number) => {
      this.#timer = setTimeout(
        () => void look().then(() => this.#timer && repeat(this.problem === null ? everyMs : problemMs)),
        afterMs,
      );
      this.#timer.unref();
    };
    repeat(firstMs);
  }

  stop(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
