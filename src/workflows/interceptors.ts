import type { WorkflowInterceptorsFactory } from '@temporalio/workflow';
import type { Priority } from '@temporalio/common';
import { sourceOfInput } from '../domain/run/log-source.ts';

/**
 * Whether activities and child workflows get a fairness key. The worker writes it before the bundle, see
 * `src/worker/server-options.ts`. Priorities are not compared with a history, so a worker may decide otherwise than the one before.
 */
declare const daybookFairness: boolean | undefined;
const isFair = typeof daybookFairness !== 'undefined' && daybookFairness;

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
        scheduleActivity: (input, next) => next({ ...input, options: decided(input.options) }),
        startChildWorkflowExecution: (input, next) => next({ ...input, options: decided(input.options) }),
      },
    ],
  };
};

/** The same options, with a fairness key only if this worker gives some. */
function decided<T extends { readonly priority?: Priority }>(options: T): T {
  if (isFair || options.priority?.fairnessKey === undefined) return options;
  const { fairnessKey: _, ...priority } = options.priority;
  return { ...options, priority };
}
