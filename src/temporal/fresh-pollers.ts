import type { Client } from '@temporalio/client';

/** The server's words for the two kinds of task queues that have one name. */
const queueTypes = { workflows: 1, activities: 2 } as const;

/** A live worker polls at least this often: a poll lasts a minute. */
const freshMs = 70_000;

interface Asked {
  readonly taskQueue: string;
  readonly type: keyof typeof queueTypes;
  /** @default that of a worker that lives */
  readonly withinMs?: number | undefined;
}

/** Workers that have asked a task queue for work lately, by identity; empty if one gives none. */
export async function freshPollers(
  client: Client,
  { taskQueue, type, withinMs = freshMs }: Asked,
): Promise<readonly string[]> {
  const { pollers } = await client.workflowService.describeTaskQueue({
    namespace: client.options.namespace,
    taskQueue: { name: taskQueue },
    taskQueueType: queueTypes[type],
  });
  const oldest = (Date.now() - withinMs) / 1000;
  return (pollers ?? [])
    .filter(({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) >= oldest)
    .map(({ identity }) => identity ?? '');
}
