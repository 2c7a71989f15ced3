import { ActivityFailure, ApplicationFailure, ChildWorkflowFailure, TimeoutFailure } from '@temporalio/workflow';
import type { RunFailure } from '../../domain/run/run-failure.ts';

/** The failure that ends a workflow, without a stack trace: the reason is what its reader wants. */
export function workflowFailure({ type, message }: RunFailure, ...details: unknown[]): ApplicationFailure {
  const failure = ApplicationFailure.create({ type, message, nonRetryable: true, details });
  failure.stack = '';
  return failure;
}

/** The message of a run that failed as a child. */
export function childFailureOf(error: unknown): RunFailure {
  return failureOf(error instanceof ChildWorkflowFailure ? error.cause : error, 'window');
}

/** Whether no worker has started an activity within the time that it may wait. */
export function isUnstarted(error: unknown): boolean {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  return cause instanceof TimeoutFailure && cause.timeoutType === 'SCHEDULE_TO_START';
}

/** The message of an activity that failed for good. */
export function failureOf(error: unknown, what: string): RunFailure {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof ApplicationFailure) return { type: cause.type ?? 'Unexpected', message: cause.message };
  if (cause instanceof TimeoutFailure) {
    return { type: 'Timeout', message: `${what}: no worker finished it in time (${cause.timeoutType})` };
  }
  return { type: 'Unexpected', message: cause instanceof Error ? cause.message : String(cause) };
}
