import { Context, log } from '@temporalio/activity';
import type { ScheduleDescription, ScheduleHandle } from '@temporalio/client';
import { scrapeScheduleId } from '../domain/names.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { runAdapter } from './run-adapter.ts';
import { redactorFor } from './source-access.ts';

export interface UnpauseScheduleInput {
  readonly source: string;
  /** Note of the pause that is to end; a schedule with another note was paused anew, or by someone else. */
  readonly note: string;
}

/** Lets a source's schedule go on whose pause is over. Safe to repeat because its note is another one then. */
export function createUnpauseSchedule(dependencies: ActivityDependencies) {
  return async function unpauseSchedule({ source, note }: UnpauseScheduleInput): Promise<void> {
    await runAdapter(redactorFor(source, dependencies), async () => {
      const handle = Context.current().client.schedule.getHandle(scrapeScheduleId(source));
      const state = await stateOf(handle);
      if (!state?.paused || state.note !== note) {
        log.info('Pause was ended or replaced, the schedule stays as it is', { source });
        return;
      }
      await handle.unpause('daybook: the pause is over');
      log.info('Pause is over', { source });
    });
  };
}

/** Null where the schedule is gone. */
async function stateOf(handle: Pick<ScheduleHandle, 'describe'>): Promise<ScheduleDescription['state'] | null> {
  try {
    return (await handle.describe()).state;
  } catch (error) {
    if (error instanceof Error && error.name === 'ScheduleNotFoundError') return null;
    throw error;
  }
}
