import { setTimeout as sleep } from 'node:timers/promises';
import { isGrpcServiceError, type Client } from '@temporalio/client';
import { buildName, type DeploymentSetting } from '../../../config/environment/deployment-setting.ts';
import { CannotStart, UsageError } from '../../../domain/errors.ts';
import { withTemporal } from '../../../temporal/connect.ts';
import { ownBuild } from '../../../temporal/deployments/own-build.ts';
import { describeRouting, setCurrent, setRamp } from '../../../temporal/deployments/routing.ts';
import { createContext, requireTemporal, type CommonOptions, type Context } from '../../options/context.ts';
import { formatTable, print, printJson, printLines } from '../../output/output.ts';

interface CurrentOptions extends CommonOptions {
  readonly none?: boolean;
}

/** `daybook deployment current [build]`: routes all work to the workers of a build. */
export async function currentDeploymentCommand(given: string | undefined, options: CurrentOptions): Promise<void> {
  const context = createContext(options);
  const setting = requireDeployment(context);
  if (options.none === true && given !== undefined)
    throw new UsageError('deployment: found a build and --none, expected one of them');
  const build = options.none === true ? null : chosenBuild(setting, given);
  await withTemporal(requireTemporal(context), (client) =>
    onceItPolls(client, context, setting, build, () => setCurrent(client, setting.name, build)),
  );
  print(
    build === null
      ? `deployment ${setting.name}: no build is current; workers without DAYBOOK_DEPLOYMENT get all work`
      : `deployment ${setting.name}: ${build} is current`,
  );
}

/** `daybook deployment ramp N [build]`: routes a part of the work to the workers of a build. */
export async function rampDeploymentCommand(
  percent: string,
  given: string | undefined,
  options: CommonOptions,
): Promise<void> {
  const context = createContext(options);
  const setting = requireDeployment(context);
  const percentage = Number(percent);
  if (!/^\d{1,3}$/.test(percent) || percentage > 100) {
    throw new UsageError(`deployment: found "${percent}", expected a percentage from 0 to 100`);
  }
  const build = chosenBuild(setting, given);
  await withTemporal(requireTemporal(context), (client) =>
    onceItPolls(client, context, setting, build, () => setRamp(client, setting.name, build, percentage)),
  );
  print(
    percentage === 0
      ? `deployment ${setting.name}: no build is ramping`
      : `deployment ${setting.name}: ${build} gets ${percentage} % of the work`,
  );
}

/** `daybook deployment status`: shows the builds, and which of them get work. */
export async function deploymentStatusCommand(options: CommonOptions & { readonly json?: boolean }): Promise<void> {
  const context = createContext(options);
  const setting = requireDeployment(context);
  const { taskQueue } = context.instance;
  const routing = await withTemporal(requireTemporal(context), (client) =>
    describeRouting(client, setting.name, taskQueue),
  );
  const here = ownBuild(setting);
  if (options.json) {
    const { current = null, ramping = null, builds = [] } = routing ?? {};
    return printJson({ deployment: setting.name, here, current, ramping, builds });
  }
  if (routing === null) {
    return print(
      `deployment ${setting.name}: not known to the server; no worker has polled with DAYBOOK_DEPLOYMENT=${setting.name}`,
    );
  }
  const share = (name: string) => {
    if (name === routing.ramping?.build) return `${routing.ramping.percent} %`;
    return name === routing.current ? `${100 - (routing.ramping?.percent ?? 0)} %` : '';
  };
  const rows = routing.builds.map(({ name, status, hasWorker }) => [
    name,
    status,
    share(name),
    hasWorker ? 'yes' : 'no',
    name === here ? 'this installation' : '',
  ]);
  printLines(formatTable(['build', 'status', 'work', 'workers', ''], rows));
  if (routing.current === null)
    print(`deployment ${setting.name}: no build is current; run ./daybook deployment current`);
}

function requireDeployment({ environment }: Context): DeploymentSetting {
  if (environment.deployment !== null) return environment.deployment;
  throw new UsageError('deployment: DAYBOOK_DEPLOYMENT is not set; set it as for the workers');
}

function chosenBuild(setting: DeploymentSetting, given: string | undefined): string {
  return given === undefined ? ownBuild(setting) : buildName('deployment', given);
}

const [notFound, failedPrecondition, unimplemented] = [5, 9, 12];
/** How long a worker that was just started may take to be known. */
const timeoutMs = 15_000;

/** @throws CannotStart if no worker of the build polls, or the server has no deployments */
async function onceItPolls(
  client: Client,
  { instance }: Context,
  { name }: DeploymentSetting,
  build: string | null,
  change: () => Promise<void>,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
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
      if (Date.now() < deadline) {
        await sleep(500);
        continue;
      }
      const routing = await describeRouting(client, name, instance.taskQueue);
      const known = routing?.builds.map((one) => one.name).join(', ');
      throw new CannotStart(
        `deployment: ${name} cannot be routed to ${build ?? 'workers without a deployment'}: ${error.details}; ` +
          `start a worker with DAYBOOK_DEPLOYMENT=${name}${build === null ? '' : ` DAYBOOK_BUILD=${build}`} first; builds that have polled: ${known || 'none'}`,
        { cause: error },
      );
    }
  }
}
