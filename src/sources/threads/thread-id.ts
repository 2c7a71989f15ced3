import { readlinkSync } from 'node:fs';

/** The id by which the system knows the thread that asks; null if it does not say (other systems than Linux). */
export function threadId(): number | null {
  try {
    const id = Number(readlinkSync('/proc/thread-self').split('/').at(-1));
    return Number.isInteger(id) ? id : null;
  } catch {
    return null;
  }
}
