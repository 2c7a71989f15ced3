import { setTimeout as sleep } from 'node:timers/promises';
import { HostBusy } from '../../domain/errors.ts';

/** The longest wait here; a host that asks for more ends the work. */
const maxWaitMs = 60_000;

/**
 * Calls a host, and waits if its queue is long: for work in many steps, which would otherwise start again and request everything
 * twice.
 * @throws HostBusy if the slot is more than a minute away, and what `ask` throws
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
