import { log } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { msOptionalToNumber } from '@temporalio/common/lib/time.js';
import { DaybookError, messageOf } from '../../domain/errors.ts';
import type { Redact } from '../../domain/secrets/redact.ts';
import type { FailedAttempt } from '../../domain/run/failed-attempt.ts';
import { withoutUrlSecrets } from '../../domain/secrets/url-secrets.ts';

/**
 * The only place that creates failures of activities: an error that Daybook knows decides whether and when it is retried; any other
 * becomes a retried failure of type `Unexpected`. No cause is kept, because it might contain what was redacted.
 */
export function toFailure(error: unknown, redact: Redact, attempt: number): unknown {
  if (error instanceof CancelledFailure || error instanceof ApplicationFailure) return error;
  if (!(error instanceof DaybookError)) {
    return ApplicationFailure.create({ type: 'Unexpected', message: withoutUrlSecrets(redact(messageOf(error))) });
  }
  const retryAfterMs = error.retryAfterMs ?? (error.jitter === true ? blurredDelayMs(attempt) : undefined);
  const failure = ApplicationFailure.create({
    type: error.type,
    message: withoutUrlSecrets(redact(error.message)),
    nonRetryable: error.next === 'never',
    ...(retryAfterMs === undefined ? {} : { nextRetryDelay: retryAfterMs }),
  });
  // A stack trace of a source's 404 does not help readers of a history.
  failure.stack = '';
  return failure;
}

/** The same as a text that a person reads. */
export function reasonOf(error: unknown, redact: Redact): string {
  const failure = toFailure(error, redact, 1);
  return failure instanceof ApplicationFailure ? `${failure.type ?? ''}: ${failure.message}` : messageOf(failure);
}

/** Where an attempt that failed inside an activity belongs, for its log line. */
export interface AttemptPlace {
  /** The activity that further attempts are made by. */
  readonly activityType: string;
  readonly startedMs: number;
}

/** What a workflow needs to know of an attempt that failed while its activity continues; logged as a failed activity is. */
export function failedAttempt(
  error: unknown,
  redact: Redact,
  { activityType, startedMs }: AttemptPlace,
): FailedAttempt {
  const failure = toFailure(error, redact, 1);
  log.warn('Activity failed', { activityType, error: failure, durationMs: Math.round(performance.now() - startedMs) });
  if (!(failure instanceof ApplicationFailure)) {
    return { type: 'Unexpected', message: messageOf(failure), isFinal: false, retryAfterMs: null };
  }
  const { type, message, nonRetryable, nextRetryDelay } = failure;
  return {
    type: type ?? 'Unexpected',
    message,
    isFinal: nonRetryable === true,
    retryAfterMs: msOptionalToNumber(nextRetryDelay) ?? null,
  };
}

/** The delay of the retry policies (1 s ×2 up to 30 s), a quarter more or less. */
function blurredDelayMs(attempt: number): number {
  return Math.round(Math.min(30_000, 1_000 * 2 ** (attempt - 1)) * (0.75 + Math.random() / 2));
}
