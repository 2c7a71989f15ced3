/** Who paused a source, why and until when. */
export interface PausedBy {
  readonly by: string | null;
  readonly reason: string | null;
  /** ISO 8601; null = until someone resumes it. */
  readonly until: string | null;
}

const written = /^daybook: paused by (\S+)(?: until (\S+))?(?:: ([^]*))?$/;

/** A pause as the note of a Temporal schedule: people read it in the Web UI, and Daybook reads it back. */
export function formatPauseNote({ by, reason, until }: PausedBy): string {
  const who = (by ?? 'unknown').replaceAll(/\s+/g, '_');
  return `daybook: paused by ${who}${until === null ? '' : ` until ${until}`}${reason === null ? '' : `: ${reason}`}`;
}

/** Whether `daybook pause` wrote it. */
export function isPauseNote(note: string | undefined): boolean {
  return written.test(note ?? '');
}

/** Reads such a note; a note of another kind is a reason. */
export function parsePauseNote(note: string | undefined): PausedBy {
  const match = written.exec(note ?? '');
  if (!match) return { by: null, reason: note === undefined || note === '' ? null : note, until: null };
  const [, by = null, until = null, reason = null] = match;
  return { by, until, reason };
}

const ended = /^daybook: .* at (\S+Z)$/;

/** The end of a pause as the note of a schedule: `daybook: resumed by ann at 2026-11-01T09:00:00.000Z`. */
export function formatResumeNote(how: string, at: Date): string {
  return `daybook: ${how} at ${at.toISOString()}`;
}

/**
 * Since when a schedule has not been paused, by its note. Null = it was, at an unknown time; `-Infinity` = it never was since the
 * schedule was made.
 */
export function notPausedSince(note: string | undefined): number | null {
  if (note === undefined || note === '') return -Infinity;
  const [, at = ''] = ended.exec(note) ?? [];
  const ms = Date.parse(at);
  return Number.isNaN(ms) ? null : ms;
}
