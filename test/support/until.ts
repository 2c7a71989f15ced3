import { setTimeout as sleep } from 'node:timers/promises';

/** Polls until a value is there (no null, undefined, false or 0); fails once it has taken too long. */
export async function until<T>(what: string, find: () => Promise<T> | T, withinMs = 20_000): Promise<NonNullable<T>> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const found = await find();
    if (found !== null && found !== undefined && found !== false && found !== 0) return found;
    if (Date.now() > deadline) throw new Error(`waited ${withinMs} ms in vain: ${what}`);
    await sleep(20);
  }
}
