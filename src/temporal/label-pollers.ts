import type { Client } from '@temporalio/client';
import type { Instance } from '../domain/instance.ts';
import { labelQueue } from '../domain/plan/label.ts';
import { freshPollers } from './fresh-pollers.ts';

/** The workers that poll the queue of each label, by identity. */
export async function labelPollers(
  client: Client,
  { taskQueue }: Instance,
  labels: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = await Promise.all(
    labels.map(async (label): Promise<[string, readonly string[]]> => {
      const pollers = await freshPollers(client, { taskQueue: labelQueue(taskQueue, label), type: 'activities' });
      return [label, pollers];
    }),
  );
  return new Map(found);
}

/** The machines on which workers of an instance poll, as their identities name them. */
export async function pollingHosts(client: Client, { taskQueue }: Instance): Promise<readonly string[]> {
  const pollers = await freshPollers(client, { taskQueue, type: 'activities' });
  return [...new Set(pollers.flatMap((identity) => /^\d+@([^/]+)\//.exec(identity)?.[1] ?? []))].sort();
}
