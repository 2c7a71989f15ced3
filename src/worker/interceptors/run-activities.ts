import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { runActivity } from '../../activities/support/run-activity.ts';
import { redactorFor, type SecretAccess } from '../../activities/support/source-secrets.ts';
import { attemptsBeforeOf, sourceOfInput } from '../../domain/run/log-source.ts';
import { nothingSecret } from '../../domain/secrets/redact.ts';

/**
 * Heartbeats for each activity while it works, and turns what it throws into a failure, without the secrets of the source that
 * its input names. The first of the interceptors: what the others throw becomes a failure, too.
 */
export function runActivities(access: SecretAccess): ActivityInterceptorsFactory {
  return () => ({
    inbound: {
      execute(input, next) {
        const source = sourceOfInput(input.args[0]);
        const redact = source === null ? nothingSecret : redactorFor(source, access);
        return runActivity(redact, () => next(input), attemptsBeforeOf(input.args[0]));
      },
    },
  });
}
