import { setTimeout as sleep } from 'node:timers/promises';
import { SinkUnavailable } from '../../domain/errors.ts';

const tries = 5;
const firstMs = 500;

/** Does again what failed because a store was unavailable: a copy may take hours. */
export async function retried<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  for (let tried = 1; ; tried++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof SinkUnavailable) || tried === tries) throw error;
      await sleep(firstMs * 2 ** tried, undefined, { signal });
    }
  }
}
