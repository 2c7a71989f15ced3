import type { WorkflowInterceptorsFactory } from '@temporalio/workflow';
import { sourceOfInput } from '../domain/run/log-source.ts';

/** What no attempt can change: the worker lacks a key. The SDK says otherwise of inputs that it cannot read. */
const neverRetried = 'PayloadUnreadable';

/** Each line that a workflow logs, or the SDK for it, has the source that it works for. */
export const interceptors: WorkflowInterceptorsFactory = () => {
  let source: string | null = null;
  return {
    inbound: [
      {
        execute(input, next) {
          source = sourceOfInput(input.args[0]);
          return next(input);
        },
      },
    ],
    outbound: [
      {
        getLogAttributes: (attributes, next) => next(source === null ? attributes : { ...attributes, source }),
        scheduleActivity(input, next) {
          const { retry } = input.options;
          const nonRetryableErrorTypes = [...(retry?.nonRetryableErrorTypes ?? []), neverRetried];
          return next({ ...input, options: { ...input.options, retry: { ...retry, nonRetryableErrorTypes } } });
        },
      },
    ],
  };
};
