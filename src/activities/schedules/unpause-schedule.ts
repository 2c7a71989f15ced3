import { Context, log } from '@temporalio/activity';
import type { ScheduleHandle } from '@temporalio/client';
import { Instance } from '../../domain/instance.ts';
import { formatResumeNote } from '../../domain/run/pause-note.ts';
import type { ActivityDependencies } from '../support/dependencies.ts';
import { runAdapter } from '../support/run-activity.ts';
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
    return runAdapter(redactorFor(source, dependencies), async () => {
      const { client, info } = Context.current();
      const handle = client.schedule.getHandle(Instance.ofQueue(info.taskQueue).scrapeScheduleId(source));
      const isOver = await endPause(handle, note);
      log.info(isOver ? 'Pause is over' : 'Pause was ended or replaced; the schedule is not changed', { source });
      return { searchAttribute: dependencies.searchAttribute() };
    });
  };
}

/** In one step with the look at its note: it may be paused anew at this very moment. */
async function endPause(handle: ScheduleHandle, pauseNote: string): Promise<boolean> {
  let isOver = false;
  try {
    await handle.update(({ state, ...previous }) => {
      isOver = state.paused && state.note === pauseNote;
      const note = formatResumeNote('the pause is over', new Date());
      return { ...previous, state: isOver ? { ...state, paused: false, note } : state };
    });
    return isOver;
  } catch (error) {
    // The schedule is gone.
    if (error instanceof Error && error.name === 'ScheduleNotFoundError') return false;
    throw error;
  }
}
