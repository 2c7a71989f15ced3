import { Context } from '@temporalio/activity';
import { Instance } from '../../domain/instance.ts';
import { startBackfill } from '../../temporal/start-backfill.ts';

export interface RequestBackfillInput {
  readonly source: string;
  /** As received by signal. */
  readonly payloads: readonly unknown[];
}

/**
 * Passes requests received by a run to the backfill of its source. Safe to repeat because windows that wait or have run are not
 * added twice.
 */
export function createRequestBackfill() {
  return async function requestBackfill({ source, payloads }: RequestBackfillInput): Promise<void> {
    const { client, info } = Context.current();
    const instance = Instance.ofQueue(info.taskQueue);
    for (const payload of payloads) await startBackfill(client, instance, source, payload);
  };
}
