import { Context } from '@temporalio/activity';
import { freshPollers } from '../../temporal/fresh-pollers.ts';

/**
 * Whether workers besides this one poll the task queue of the activity that is running.
 * @param identity of this worker
 */
export async function hasOtherWorkers(identity: string): Promise<boolean> {
  const { client, info } = Context.current();
  const pollers = await freshPollers(client, { taskQueue: info.taskQueue, type: 'activities' });
  return pollers.some((poller) => poller !== identity);
}
