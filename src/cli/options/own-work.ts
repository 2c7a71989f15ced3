import type { Client } from '@temporalio/client';
import { readIdentity } from '../../store/identity.ts';
import { QueueGuard } from '../../temporal/queue-guard.ts';
import { openStoreToRead, type CommonOptions, type Context } from './context.ts';
import { requirePair } from './store-pair.ts';

/**
 * Refuses a command that would change what another Daybook has: its rows, its schedules and runs, or the work of its workers. A
 * second one without a name of its own, in the same namespace or database, is such.
 * @param needsStore whether the command itself changes the store and the database
 * @throws ForeignStore if the store and the database do not belong together
 * @throws QueueInUse if workers of another store take the work of this instance
 */
export async function requireOwnWork(
  context: Context,
  options: CommonOptions,
  client: Client,
  needsStore = false,
): Promise<void> {
  const identity = await readIdentity(openStoreToRead(context));
  await new QueueGuard(client, context.instance, identity).check();
  await requirePair(context, options, needsStore);
}
