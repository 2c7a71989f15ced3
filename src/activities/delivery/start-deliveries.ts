import { Context } from '@temporalio/activity';
import { Instance } from '../../domain/instance.ts';
import type { Uses } from '../support/dependencies.ts';
import { startDeliveries } from '../../temporal/start-delivery.ts';

/** Makes sure that all deferred batches have a deliverer. Safe to repeat because there is one for each. */
export function createStartDeliveries({ store }: Uses<'store'>) {
  return async function startAllDeliverers(): Promise<{ readonly deliverers: number }> {
    const { client, info } = Context.current();
    return { deliverers: await startDeliveries(client, Instance.ofQueue(info.taskQueue), store) };
  };
}
