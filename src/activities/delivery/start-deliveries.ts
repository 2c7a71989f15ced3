import { Context } from '@temporalio/activity';
import { Instance } from '../../domain/instance.ts';
import { nothingSecret } from '../../domain/secrets/redact.ts';
import type { ActivityDependencies } from '../support/dependencies.ts';
import { runAdapter } from '../support/run-activity.ts';
import { wakeDeliverers } from '../../temporal/start-delivery.ts';

/** Sees to it that everything that waits for a sink has a deliverer. Safe to repeat because there is one for each. */
export function createWakeDeliverers({ store }: ActivityDependencies) {
  return async function wakeAllDeliverers(): Promise<{ readonly deliverers: number }> {
    return runAdapter(nothingSecret, async () => {
      const { client, info } = Context.current();
      return { deliverers: await wakeDeliverers(client, Instance.ofQueue(info.taskQueue), store) };
    });
  };
}
