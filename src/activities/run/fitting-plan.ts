import { Context } from '@temporalio/activity';
import { accessOfPlan } from '../../config/plan/access-fingerprint.ts';
import { planOf } from '../../config/plan/plan.ts';
import { InvalidEnvironment } from '../../config/secrets/references.ts';
import { withSecrets } from '../../config/secrets/secrets.ts';
import { ConfigChanged, DaybookError } from '../../domain/errors.ts';
import type { SourcePlan } from '../../domain/plan/source-plan.ts';
import type { Uses } from '../support/dependencies.ts';
import { hasOtherWorkers } from '../support/other-workers.ts';

/** Attempts that may reach a worker with the configuration of the plan, before the run is planned again. */
const tries = 3;
const retryMs = 500;

/**
 * The plan with its secrets filled in: for the adapter, never for a workflow. The source must be where it was when the run was
 * planned: its present secrets must not be sent to its former address.
 * @throws ConfigChanged, to be retried if another worker may have the configuration of the plan, or its secrets
 * @throws InvalidEnvironment if a variable that it refers to is not set
 */
export async function fittingPlan(
  plan: SourcePlan,
  dependencies: Uses<'config' | 'lookUp' | 'identity'>,
): Promise<SourcePlan> {
  const problem = misfit(plan, dependencies);
  if (!(problem instanceof DaybookError)) return problem;
  const { attempt } = Context.current().info;
  const mayFitElsewhere = attempt < tries && (await hasOtherWorkers(dependencies.identity));
  throw mayFitElsewhere ? new ConfigChanged(problem.message, retryMs) : problem;
}

/** @returns what does not fit, or is missing, else the plan with its secrets */
function misfit(plan: SourcePlan, { config: file, lookUp }: Uses<'config' | 'lookUp'>): DaybookError | SourcePlan {
  const { config } = file.current();
  const source = config.sources.find(({ name }) => name === plan.name);
  if (!source)
    return changed(`the configuration of this worker no longer has the source ${plan.name}, but a run of it is active`);
  const present = planOf(config, source);
  // Files of another machine are other files.
  if (plan.runsOn !== present.runsOn) return changed(`runs_on of ${plan.name} has changed since its run was planned`);
  const planned = plan.accessFingerprint ?? accessOfPlan(plan);
  if (planned !== null && planned !== (present.accessFingerprint ?? null)) {
    return changed(`the address, proxy or secrets of ${plan.name} have changed since its run was planned`);
  }
  try {
    return withSecrets(plan, source, lookUp);
  } catch (error) {
    if (error instanceof InvalidEnvironment) return error;
    throw error;
  }
}

function changed(problem: string): ConfigChanged {
  return new ConfigChanged(`config: ${problem}`, null);
}
