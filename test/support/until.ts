import { setTimeout as sleep } from 'node:timers/promises';

const [minPauseMs, maxPauseMs] = [20, 250];

/**
 * Polls until a value is there (no null, undefined, false or 0); fails once it has taken too long.
 * @param what is waited for; a function where it tells what was seen meanwhile
 */
export async function until<T>(
  what: string | (() => string),
  find: () => Promise<T> | T,
  withinMs = 60_000,
): Promise<NonNullable<T>> {
  const startedAt = Date.now();
  for (;;) {
    const found = await find();
    if (found !== null && found !== undefined && found !== false && found !== 0) return found;
    const waitedMs = Date.now() - startedAt;
    if (waitedMs > withinMs) {
      throw new Error(`waited ${withinMs} ms in vain: ${typeof what === 'string' ? what : what()}`);
    }
    // To ask a server, or a command, takes CPU time from what is waited for.
    await sleep(Math.min(maxPauseMs, Math.max(minPauseMs, waitedMs / 10)));
  }
}
