import type { Client } from '@temporalio/client';

/** The server's words for the two kinds of task queues that have one name. */
const queueTypes = { workflows: 1, activities: 2 } as const;

export type QueueType = keyof typeof queueTypes;

type Description = Awaited<ReturnType<Client['workflowService']['describeTaskQueue']>>;

/**
 * What the server says of each partition of a task queue, the root first. A server has four of a queue unless set otherwise, and
 * describes the root alone where it is asked for the queue. A worker may have all its polls at others: few polls are forwarded to
 * the root (measured with server 1.29: a worker with one poll, beside one with five, was missing in 11 of 12 answers).
 */
export async function describePartitions(
  client: Client,
  taskQueue: string,
  type: QueueType,
): Promise<readonly [root: Description, ...others: Description[]]> {
  const { namespace } = client.options;
  const describe = async (name: string) =>
    client.workflowService.describeTaskQueue({ namespace, taskQueue: { name }, taskQueueType: queueTypes[type] });
  const [root, ...others] = await Promise.all([
    describe(taskQueue),
    namesOfOthers(client, taskQueue, type).then(async (names) => Promise.allSettled(names.map(describe))),
  ]);
  return [root, ...others.flat().flatMap((other) => (other.status === 'fulfilled' ? [other.value] : []))];
}

/** None if the server does not name them: then the root has to be enough. */
async function namesOfOthers(client: Client, taskQueue: string, type: QueueType): Promise<readonly string[]> {
  try {
    const { activityTaskQueuePartitions, workflowTaskQueuePartitions } =
      await client.workflowService.listTaskQueuePartitions({
        namespace: client.options.namespace,
        taskQueue: { name: taskQueue },
      });
    const partitions = type === 'activities' ? activityTaskQueuePartitions : workflowTaskQueuePartitions;
    return partitions.flatMap(({ key }) => (key && key !== taskQueue ? [key] : []));
  } catch {
    return [];
  }
}
