import { createHash } from 'node:crypto';

/** Starts are spread over this long at most: more would move a daily poll to another time of day. */
const maxSpreadMs = 3_600_000;

/**
 * When within its interval a source is due whose `schedule` names no `offset`, so that many sources are not all due in the
 * same second. It follows from the name alone: it stays the same when other sources come and go.
 * @returns whole seconds, in milliseconds: Temporal knows no finer ones
 */
export function evenOffset(source: string, everyMs: number): number {
  const slots = Math.max(1, Math.floor(Math.min(everyMs, maxSpreadMs) / 1_000));
  const hash = createHash('sha256').update(source).digest();
  return Math.floor((hash.readUIntBE(0, 6) / 2 ** 48) * slots) * 1_000;
}
