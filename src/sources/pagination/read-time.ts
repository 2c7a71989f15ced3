import { parseIso8601, type Micros } from '../../domain/time/timestamp.ts';

/** A canonical time of a place or a plan; null if there is none. */
export function readTime(text: string | null): Micros | null {
  const time = text === null ? null : parseIso8601(text);
  return time?.ok === true ? time.micros : null;
}
