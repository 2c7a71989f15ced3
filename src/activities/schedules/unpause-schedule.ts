import { Context, log } from '@temporalio/activity';
import { Instance } from '../../domain/instance.ts';
import { endPause } from '../../temporal/schedules/end-pause.ts';
import type { Uses } from '../support/dependencies.ts';

export interface UnpauseScheduleInput {
  readonly source: string;
  /** Note of the pause that is to end; a schedule with another note was paused again, or by someone else. */
  readonly note: string;
}

export interface UnpausedSchedule {
  /** Whether the workflow may upsert the search attribute. */
  readonly searchAttribute: boolean;
}

/** Resumes a source's schedule when its pause is over. Safe to repeat because its note is a different one then. */
export function createUnpauseSchedule({ searchAttribute }: Uses<'searchAttribute'>) {
  return async function unpauseSchedule({ source, note }: UnpauseScheduleInput): Promise<UnpausedSchedule> {
    const { client, info } = Context.current();
    const isOver = await endPause(client, Instance.ofQueue(info.taskQueue).scrapeScheduleId(source), note);
    log.info(isOver ? 'Pause is over' : 'Pause was ended or replaced; the schedule is not changed', { source });
    return { searchAttribute: searchAttribute() };
  };
}
