import type { WorkflowClientInterceptor } from '@temporalio/client';
import type { Priority } from '@temporalio/common';

interface Input {
  readonly options: { readonly priority?: Priority };
}

/** The same start of a workflow without its fairness key: what it starts would inherit it. */
function withoutFairness<T extends Input>(input: T): T {
  const { priority } = input.options;
  if (priority?.fairnessKey === undefined) return input;
  const { fairnessKey: _, ...rest } = priority;
  return { ...input, options: { ...input.options, priority: rest } };
}

/** For a client of a server where fairness keys are not wanted: Temporal Cloud charges for them. */
export const dropFairness: WorkflowClientInterceptor = {
  startWithDetails: (input, next) => next(withoutFairness(input)),
  signalWithStart: (input, next) => next(withoutFairness(input)),
};
