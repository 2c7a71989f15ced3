import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { sourceOfInput } from '../../domain/run/log-source.ts';

/** Each line that an activity logs, or the SDK for it, has the source that it works for. */
export const logSource: ActivityInterceptorsFactory = () => {
  let source: string | null = null;
  return {
    inbound: {
      execute(input, next) {
        source = sourceOfInput(input.args[0]);
        return next(input);
      },
    },
    outbound: {
      getLogAttributes: (attributes, next) => next(source === null ? attributes : { ...attributes, source }),
    },
  };
};
