import { Context } from '@temporalio/activity';
import { nothingSecret, type Redact } from '../../domain/secrets/redact.ts';
import { withoutUrlSecrets } from '../../domain/secrets/url-secrets.ts';

/** What an adapter gets from the activity around it. */
export interface AdapterContext {
  /** Aborted on cancellation and when the worker shuts down. */
  readonly signal: AbortSignal;
  readonly onProgress: (details?: unknown) => void;
}

const latestDetails = new WeakMap<Context, unknown>();

/**
 * That of the activity that is running.
 * @param redact removes secrets from texts of its progress, which anyone sees who describes the workflow
 */
export function adapterContext(redact: Redact = nothingSecret): AdapterContext {
  const activity = Context.current();
  return {
    signal: activity.cancellationSignal,
    onProgress: (details) => latestDetails.set(activity, redacted(details, redact)),
  };
}

function redacted(details: unknown, redact: Redact): unknown {
  if (redact === nothingSecret || typeof details !== 'object' || details === null) return details;
  return Object.fromEntries(
    Object.entries(details).map(([name, value]: [string, unknown]) => [
      name,
      typeof value === 'string' ? withoutUrlSecrets(redact(value)) : value,
    ]),
  );
}

/** What the activity said of its progress last. */
export function progressOf(activity: Context): unknown {
  return latestDetails.get(activity);
}
