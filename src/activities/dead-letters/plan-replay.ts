import { Context } from '@temporalio/activity';
import type { RunRef } from '../../domain/run/batch.ts';
import type { ReplayPlan, DeadLetterSelection } from '../../domain/dead-letters/dead-letter-replay.ts';
import { planReplay as planPages } from '../../store/dead-letters/replay-plan.ts';
import type { Uses } from '../support/dependencies.ts';

export interface PlanReplayInput {
  readonly run: RunRef;
  readonly selection: DeadLetterSelection;
}

/** Notes which dead letters a replay processes. Safe to repeat because each attempt has its own notes. */
export function createPlanReplay({ store }: Uses<'store'>) {
  return async function planReplay({ run, selection }: PlanReplayInput): Promise<ReplayPlan> {
    return planPages(store, run, selection, `plan-${Context.current().info.attempt}`);
  };
}
