import { Context } from '@temporalio/activity';
import type { Redact } from '../../domain/secrets/redact.ts';
import { toFailure } from './failure.ts';

/** What an adapter gets from the activity around it. */
export interface AdapterContext {
  /** Aborted on cancellation and when the worker shuts down. */
  readonly signal: AbortSignal;
  readonly onProgress: (details?: unknown) => void;
}

/** Well below the heartbeat timeout of 10 s. */
const heartbeatMs = 2_500;

/** Runs an adapter inside an activity: heartbeats while it works, hands on cancellation, turns errors into failures. */
export async function runActivity<T>(redact: Redact, work: (context: AdapterContext) => Promise<T>): Promise<T> {
  const activity = Context.current();
  let details: unknown;
  const timer = setInterval(() => activity.heartbeat(details), heartbeatMs);
  try {
    return await work({ signal: activity.cancellationSignal, onProgress: (latest) => (details = latest) });
  } catch (error) {
    if (activity.cancellationSignal.aborted) throw activity.cancellationSignal.reason;
    throw toFailure(error, redact, activity.info.attempt);
  } finally {
    clearInterval(timer);
  }
}
