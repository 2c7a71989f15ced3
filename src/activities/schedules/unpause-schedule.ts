import { Context, log } from '@temporalio/activity';
import { Instance } from '../../domain/instance.ts';
import { endPause } from '../../temporal/schedules/end-pause.ts';
import type { ActivityDependencies } from '../support/dependencies.ts';
import { runActivity } from '../support/run-activity.ts';
import { redactorFor } from '../support/source-secrets.ts';

export interface UnpauseScheduleInput {
  readonly source: string;
  /** Note of the pause that is to end; a schedule with another note was paused anew, or by someone else. */
  readonly note: string;
}

export interface UnpausedSchedule {
  /** Whether the workflow may upsert the search attribute. */
  readonly searchAttribute: boolean;
}

/** Lets a source's schedule go on whose pause is over. Safe to repeat because its note is another one then. */
export function createUnpauseSchedule(dependencies: ActivityDependencies) {
  return async function unpauseSchedule({ source, note }: UnpauseScheduleInput): Promise<UnpausedSchedule> {
    return runActivity(redactorFor(source, dependencies), async () => {
      const { client, info } = Context.current();
      const isOver = await endPause(client, Instance.ofQueue(info.taskQueue).scrapeScheduleId(source), note);
      log.info(isOver ? 'Pause is over' : 'Pause was ended or replaced; the schedule is not changed', { source });
      return { searchAttribute: dependencies.searchAttribute() };
    });
  };
}
