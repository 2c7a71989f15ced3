import { setTimeout as sleep } from 'node:timers/promises';
import { DaybookError, CannotStart } from '../../domain/errors.ts';
import type { TemporalSettings } from '../../config/environment/temporal-settings.ts';
import { explainFailure } from '../../temporal/explain-failure.ts';
import { aborted } from './stop-signal.ts';

/** What waiting takes. */
export interface Waiting {
  /** Called with the reason of the wait: at first, when it changes, and every half minute. */
  readonly onWait: (reason: string, waitedMs: number) => void;
  /** Ends the wait. */
  readonly signal: AbortSignal;
}

const [firstMs, longestMs, reportEveryMs] = [500, 5_000, 30_000];

/**
 * Does what needs Temporal, repeatedly while the server is not there.
 * @returns null if the signal ended the wait
 * @throws CannotStart for what does not pass on its own: a refused key, an unknown namespace, a certificate that does not fit
 */
export async function awaitTemporal<T>(
  settings: TemporalSettings,
  attempt: () => Promise<T>,
  { onWait, signal }: Waiting,
): Promise<T | null> {
  const startedAt = Date.now();
  const over = aborted(signal);
  let last = { reason: '', at: 0 };
  for (let delay = firstMs; !signal.aborted; delay = Math.min(delay * 2, longestMs)) {
    const outcome = await Promise.race([outcomeOf(attempt()), over]);
    if (outcome === null) break;
    if ('value' in outcome) return outcome.value;
    if (outcome.error instanceof DaybookError) throw outcome.error;
    const { message, mayPass } = await explainFailure(settings, outcome.error);
    if (!mayPass) throw new CannotStart(message);
    const now = Date.now();
    if (message !== last.reason || now - last.at >= reportEveryMs) {
      onWait(message, now - startedAt);
      last = { reason: message, at: now };
    }
    await Promise.race([sleep(delay), over]);
  }
  return null;
}

type Outcome<T> = { readonly value: T } | { readonly error: unknown };

async function outcomeOf<T>(work: Promise<T>): Promise<Outcome<T>> {
  try {
    return { value: await work };
  } catch (error) {
    return { error };
  }
}
