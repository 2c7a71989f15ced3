import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { attemptsBeforeOf, sourceOfInput } from '../../domain/run/log-source.ts';

/**
 * Each line that an activity logs, or the SDK for it, has the source that it works for, and the number of the attempt, those that another
 * activity has made included.
 */
export const logSource: ActivityInterceptorsFactory = () => {
  let source: string | null = null;
  let attemptsBefore = 0;
  return {
    inbound: {
      execute(input, next) {
        source = sourceOfInput(input.args[0]);
        attemptsBefore = attemptsBeforeOf(input.args[0]);
        return next(input);
      },
    },
    outbound: {
      getLogAttributes: (attributes, next) =>
        next({
          ...attributes,
          ...(source === null ? {} : { source }),
          ...(attemptsBefore === 0 ? {} : { attempt: Number(attributes['attempt']) + attemptsBefore }),
        }),
    },
  };
};
