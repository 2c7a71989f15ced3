import { Context } from '@temporalio/activity';
import { waitingDeliveries } from '../store/deferred.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { runAdapter } from './run-adapter.ts';
import { wakeDeliverer } from './wake-deliverer.ts';

/** Sees to it that everything that waits for a sink has a deliverer. Safe to repeat because there is one for each. */
export function createWakeDeliverers({ store }: ActivityDependencies) {
  return async function wakeDeliverers(): Promise<{ readonly deliverers: number }> {
    return runAdapter(
      (text) => text,
      async () => {
        const { client, info } = Context.current();
        const waiting = await waitingDeliveries(store);
        for (const { sink, source } of waiting) await wakeDeliverer(client, info.taskQueue, sink, source);
        return { deliverers: waiting.length };
      },
    );
  };
}
