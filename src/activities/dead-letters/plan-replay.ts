import { Context } from '@temporalio/activity';
import type { RunRef } from '../../domain/run/batch.ts';
import type { ReplayPlan, DeadLetterSelection } from '../../domain/dead-letters/dead-letter-replay.ts';
import { planReplay as planPages } from '../../store/dead-letters/replay-plan.ts';
import type { ActivityDependencies } from '../support/dependencies.ts';
import { runActivity } from '../support/run-activity.ts';
import { redactorFor } from '../support/source-secrets.ts';

export interface PlanReplayInput {
  readonly run: RunRef;
  readonly selection: DeadLetterSelection;
}

/** Notes which dead letters a replay takes. Safe to repeat because each attempt has notes of its own. */
export function createPlanReplay(dependencies: ActivityDependencies) {
  return async function planReplay({ run, selection }: PlanReplayInput): Promise<ReplayPlan> {
    return runActivity(redactorFor(run.source, dependencies), () =>
      planPages(dependencies.store, run, selection, `plan-${Context.current().info.attempt}`),
    );
  };
}
