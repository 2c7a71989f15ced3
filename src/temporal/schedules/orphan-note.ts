import { parsePauseNote } from '../../domain/run/pause-note.ts';

/** How the note of a schedule begins whose source is gone. */
const removedNote = 'daybook: the source is no longer in the configuration';
const before = '; before: ';

interface ScheduleState {
  readonly paused: boolean;
  readonly note?: string;
}

/** Whether a schedule is paused because its source is gone. */
export function isRemoved({ paused, note }: ScheduleState): boolean {
  return paused && note?.startsWith(removedNote) === true;
}

/** The pause of a schedule whose source is gone; it keeps what it was paused for before. */
export function removedState({ paused, note }: ScheduleState): { readonly paused: true; readonly note: string } {
  return { paused: true, note: paused && note ? `${removedNote}${before}${note}` : removedNote };
}

/** The state of a schedule whose source is back: as before, unless that pause has ended. */
export function returnedState({ note = '' }: ScheduleState, now: Date): { paused: boolean; note: string } {
  const kept = note.startsWith(`${removedNote}${before}`) ? note.slice(removedNote.length + before.length) : null;
  const until = kept === null ? null : parsePauseNote(kept).until;
  const isOver = kept === null || (until !== null && Date.parse(until) <= now.getTime());
  return isOver ? { paused: false, note: 'daybook: the source is back' } : { paused: true, note: kept };
}
