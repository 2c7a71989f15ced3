import { Context } from '@temporalio/activity';
import { Instance } from '../../domain/instance.ts';
import type { ActivityDependencies } from '../support/dependencies.ts';
import { runActivity } from '../support/run-activity.ts';
import { startBackfill } from '../../temporal/start-backfill.ts';
import { redactorFor } from '../support/source-secrets.ts';

export interface RequestBackfillInput {
  readonly source: string;
  /** As they came by signal. */
  readonly payloads: readonly unknown[];
}

/**
 * Hands requests that a run was sent to the backfill of its source. Safe to repeat because waiting windows or run already
 * are not taken twice.
 */
export function createRequestBackfill(dependencies: ActivityDependencies) {
  return async function requestBackfill({ source, payloads }: RequestBackfillInput): Promise<void> {
    await runActivity(redactorFor(source, dependencies), async () => {
      const { client, info } = Context.current();
      const instance = Instance.ofQueue(info.taskQueue);
      for (const payload of payloads) await startBackfill(client, instance, source, payload);
    });
  };
}
