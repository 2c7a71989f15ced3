import { Context } from '@temporalio/activity';

/** A worker that lives asks at least this often: a poll lasts a minute. */
const freshMs = 70_000;
/** The server's word for the task queue of activities. */
const activityQueue = 2;

/**
 * Whether workers besides this one poll the task queue of the activity that is running.
 * @param identity of this worker
 */
export async function hasOtherWorkers(identity: string): Promise<boolean> {
  const { client, info } = Context.current();
  const { pollers } = await client.workflowService.describeTaskQueue({
    namespace: client.options.namespace,
    taskQueue: { name: info.taskQueue },
    taskQueueType: activityQueue,
  });
  const oldest = (Date.now() - freshMs) / 1000;
  return (pollers ?? []).some(
    (poller) => poller.identity !== identity && Number(poller.lastAccessTime?.seconds ?? 0) >= oldest,
  );
}
