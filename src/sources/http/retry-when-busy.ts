import { setTimeout as sleep } from 'node:timers/promises';
import { HostBusy } from '../../domain/errors.ts';

/** The longest that is waited here; a host that wants more gives the work up. */
const maxWaitMs = 60_000;

/**
 * Asks a host, and waits where its line is long: for work in many steps, which giving up would begin anew, and ask the host
 * once more for all that it has sent already.
 * @throws HostBusy where the turn comes in more than a minute, and what `ask` throws
 */
export async function retryWhenBusy<T>(ask: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof HostBusy) || error.waitMs > maxWaitMs) throw error;
      await sleep(error.waitMs, undefined, { signal });
    }
  }
}
