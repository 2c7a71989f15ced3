import { Context } from '@temporalio/activity';
import { Instance } from '../../domain/instance.ts';
import { startBackfill } from '../../temporal/start-backfill.ts';

export interface RequestBackfillInput {
  readonly source: string;
  /** As they came by signal. */
  readonly payloads: readonly unknown[];
}

/**
 * Hands requests that a run was sent to the backfill of its source. Safe to repeat because waiting windows or run already
 * are not taken twice.
 */
export function createRequestBackfill() {
  return async function requestBackfill({ source, payloads }: RequestBackfillInput): Promise<void> {
    const { client, info } = Context.current();
    const instance = Instance.ofQueue(info.taskQueue);
    for (const payload of payloads) await startBackfill(client, instance, source, payload);
  };
}
