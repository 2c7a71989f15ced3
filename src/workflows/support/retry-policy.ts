import type { BackoffPlan } from '../../domain/plan/plan-parts.ts';

/** A retry policy of an activity, in full; intervals in ms. */
interface Policy {
  readonly maximumAttempts: number;
  readonly initialInterval: number;
  readonly backoffCoefficient: number;
  readonly maximumInterval: number;
}

/** What is left of a policy after attempts that count, the wait before the next one included. */
export function remaining(policy: Policy, attemptsBefore: number): Policy {
  const { initialInterval, backoffCoefficient, maximumInterval } = policy;
  if (attemptsBefore === 0) return policy;
  return {
    ...policy,
    maximumAttempts: Math.max(1, policy.maximumAttempts - attemptsBefore),
    initialInterval: Math.min(initialInterval * backoffCoefficient ** attemptsBefore, maximumInterval),
  };
}

/** The policy of a source. */
export function retryPolicy(backoff: BackoffPlan): Policy {
  return {
    maximumAttempts: backoff.maxAttempts,
    initialInterval: backoff.initialIntervalMs,
    backoffCoefficient: backoff.backoffCoefficient,
    maximumInterval: backoff.maxIntervalMs,
  };
}
