import type { Client } from '@temporalio/client';
import { buildName, type DeploymentSetting } from '../../../config/environment/deployment-setting.ts';
import { CannotStart, UsageError } from '../../../domain/errors.ts';
import { withTemporal } from '../../../temporal/connect.ts';
import { onceItPolls } from '../../../temporal/deployments/once-it-polls.ts';
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
    onceItPolls(client, context.instance, setting.name, build, () => setCurrent(client, setting.name, build)),
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
    onceItPolls(client, context.instance, setting.name, build, async () => {
      if (percentage > 0) await assertNotCurrent(client, context, setting, build);
      await setRamp(client, setting.name, build, percentage);
    }),
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

/** @throws CannotStart if the build is current: it gets what no other build does */
async function assertNotCurrent(
  client: Client,
  { instance }: Context,
  { name }: DeploymentSetting,
  build: string,
): Promise<void> {
  const routing = await describeRouting(client, name, instance.taskQueue);
  if (routing?.current !== build) return;
  throw new CannotStart(
    `deployment: ${build} is the current build of ${name} and gets all work but that of a ramping build; name another build to ramp, see ./daybook deployment status`,
  );
}
