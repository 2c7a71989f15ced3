import { Context } from '@temporalio/activity';

/** What an adapter gets from the activity around it. */
export interface AdapterContext {
  /** Aborted on cancellation and when the worker shuts down. */
  readonly signal: AbortSignal;
  readonly onProgress: (details?: unknown) => void;
}

const latestDetails = new WeakMap<Context, unknown>();

/** That of the activity that is running. */
export function adapterContext(): AdapterContext {
  const activity = Context.current();
  return { signal: activity.cancellationSignal, onProgress: (details) => latestDetails.set(activity, details) };
}

/** What the activity said of its progress last. */
export function progressOf(activity: Context): unknown {
  return latestDetails.get(activity);
}
