import { parsePauseNote, type PausedBy } from '../../domain/run/pause-note.ts';

/** How the note of a schedule begins whose source is gone. */
const removedNote = 'daybook: the source is no longer in the configuration';
const before = '; before: ';
/** The note of a schedule whose source is probed. */
const probedNote = 'daybook: probed';

export interface ScheduleState {
  readonly paused: boolean;
  readonly note?: string;
}

/** Whether a schedule is paused because its source is gone. */
export function isRemoved({ paused, note }: ScheduleState): boolean {
  return paused && note?.startsWith(removedNote) === true;
}

/** Whether a schedule is paused because its source is probed. */
export function isProbed({ paused, note }: ScheduleState): boolean {
  return paused && note === probedNote;
}

/** The pause of a schedule whose source is gone; it keeps what it was paused for before. */
export function removedState(state: ScheduleState): { readonly paused: true; readonly note: string } {
  const { paused, note } = state;
  const keeps = paused && note && !isProbed(state);
  return { paused: true, note: keeps ? `${removedNote}${before}${note}` : removedNote };
}

/** The pause of a schedule whose source is probed: the pause of the source itself is in the store. */
export const probedState = { paused: true, note: probedNote } as const;

/** The state of a schedule whose source is back: as before, unless that pause has ended. */
export function returnedState(state: ScheduleState, now: Date): { paused: boolean; note: string } {
  const kept = keptNote(state);
  if (kept !== null && ownPause(state, now)) return { paused: true, note: kept };
  return { paused: false, note: isProbed(state) ? 'daybook: no longer probed' : 'daybook: the source is back' };
}

/** Who paused the source of a schedule; null if no one, if that pause is over, or if Daybook itself paused the schedule. */
export function ownPause(state: ScheduleState, now: Date): PausedBy | null {
  if (!state.paused || isProbed(state)) return null;
  const note = isRemoved(state) ? keptNote(state) : (state.note ?? '');
  if (note === null) return null;
  const pause = parsePauseNote(note);
  return pause.until !== null && Date.parse(pause.until) <= now.getTime() ? null : pause;
}

function keptNote({ note = '' }: ScheduleState): string | null {
  return note.startsWith(`${removedNote}${before}`) ? note.slice(removedNote.length + before.length) : null;
}
