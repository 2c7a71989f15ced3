import { ScheduleNotFoundError, type Client } from '@temporalio/client';
import { formatResumeNote } from '../../domain/run/pause-note.ts';

/**
 * Ends the pause of a schedule that has this note, in one step with the check: it may be paused again at this very moment.
 * @returns false if it has another note, is not paused, or is gone
 */
export async function endPause(client: Client, scheduleId: string, pauseNote: string): Promise<boolean> {
  let isOver = false;
  try {
    await client.schedule.getHandle(scheduleId).update(({ state, ...previous }) => {
      isOver = state.paused && state.note === pauseNote;
      const note = formatResumeNote('the pause is over', new Date());
      return { ...previous, state: isOver ? { ...state, paused: false, note } : state };
    });
    return isOver;
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return false;
    throw error;
  }
}
