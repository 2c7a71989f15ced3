import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { ForeignStore } from '../../domain/errors.ts';

/** When an activity that was refused is tried again, perhaps by another worker. */
const retryAfterMs = 10_000;

/**
 * Refuses all activities while the store and the database do not belong together: nothing is fetched, stored, delivered or retired.
 * Refused activities are retried.
 * @param problem says why; null = they belong together
 */
export function assertOwnStore(problem: () => string | null): ActivityInterceptorsFactory {
  return () => ({
    inbound: {
      async execute(input, next) {
        const found = problem();
        if (found === null) return next(input);
        throw new ForeignStore(`worker: ${found}`, { retryAfterMs });
      },
    },
  });
}
