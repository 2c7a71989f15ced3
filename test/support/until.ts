import { setTimeout as sleep } from 'node:timers/promises';

/** Polls until a value is there; fails once it has taken too long. */
export async function until<T>(what: string, find: () => Promise<T> | T, withinMs = 20_000): Promise<NonNullable<T>> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const found = await find();
    if (found !== null && found !== undefined && found !== false) return found;
    if (Date.now() > deadline) throw new Error(`waited ${withinMs} ms in vain: ${what}`);
    await sleep(20);
  }
}
