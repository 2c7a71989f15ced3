import { Context } from '@temporalio/activity';
import type { Redact } from '../../domain/secrets/redact.ts';
import { progressOf } from './adapter-context.ts';
import { toFailure } from './failure.ts';

/** Well below the heartbeat timeout of 10 s. */
const heartbeatMs = 2_500;

/**
 * Runs an activity: heartbeats while it works, passes on cancellation, turns errors into failures.
 * @param attemptsBefore attempts that another activity has made
 */
export async function runActivity<T>(redact: Redact, work: () => Promise<T>, attemptsBefore = 0): Promise<T> {
  const activity = Context.current();
  const timer = setInterval(() => activity.heartbeat(progressOf(activity)), heartbeatMs);
  try {
    return await work();
  } catch (error) {
    if (activity.cancellationSignal.aborted) throw activity.cancellationSignal.reason;
    throw toFailure(error, redact, activity.info.attempt + attemptsBefore);
  } finally {
    clearInterval(timer);
  }
}
