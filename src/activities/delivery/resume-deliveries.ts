import { Context, log } from '@temporalio/activity';
import { Instance } from '../../domain/instance.ts';
import type { Sink } from '../../domain/run/sink.ts';
import { resumeDeliveries } from '../../temporal/start-delivery.ts';
import type { Uses } from '../support/dependencies.ts';

export interface ResumeDeliveriesInput {
  readonly sink: Sink;
}

/** Signals the deliverers of a sink that it is available again. Safe to repeat because a second signal makes them check once more. */
export function createResumeDeliveries({ store }: Uses<'store'>) {
  return async function resumeAllDeliveries({ sink }: ResumeDeliveriesInput): Promise<{ readonly deliverers: number }> {
    const { client, info } = Context.current();
    const deliverers = await resumeDeliveries(client, Instance.ofQueue(info.taskQueue), store, sink);
    log.info('Sink is available again; deliveries continue', { sink, deliverers });
    return { deliverers };
  };
}
