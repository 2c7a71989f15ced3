import type { Client } from '@temporalio/client';
import type { Instance } from '../domain/instance.ts';
import { labelQueue } from '../domain/plan/label.ts';
import { freshPollers, queuePollers, routedPollers } from './fresh-pollers.ts';

/** The workers that poll the queue of each label and get its work, by identity. */
export async function labelPollers(
  client: Client,
  { taskQueue }: Instance,
  labels: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = await Promise.all(
    labels.map(async (label): Promise<[string, readonly string[]]> => {
      const asked = { taskQueue: labelQueue(taskQueue, label), type: 'activities' } as const;
      return [label, routedPollers(await queuePollers(client, asked))];
    }),
  );
  return new Map(found);
}

/** The machines on which workers of an instance poll, as their identities name them. */
export async function pollingHosts(client: Client, { taskQueue }: Instance): Promise<readonly string[]> {
  const pollers = await freshPollers(client, { taskQueue, type: 'activities' });
  return [...new Set(pollers.flatMap((identity) => /^\d+@([^/]+)\//.exec(identity)?.[1] ?? []))].sort();
}
