import type { PostgresSettings } from '../../../config/environment/postgres-settings.ts';
import { withClient } from '../../../sinks/postgres/connection/client.ts';
import { describePartitions } from '../../../sinks/postgres/days/partitions.ts';
import { resetDatabase } from '../../../sinks/postgres/commands/reset.ts';
import { listStates, resetStates } from '../../../store/run/states.ts';
import type { BlobStore } from '../../../store/blobs/blob-store.ts';
import { deleteWindows } from '../../../store/backfill/window-results.ts';
import { canAsk, requireConfirmation } from '../../options/confirm.ts';
import { createContext, openStore, requireOwner, requireTemporal, type CommonOptions } from '../../options/context.ts';
import { assertNoneStarted, assertNoneOpen } from '../../../temporal/open-workflows.ts';
import { print, printInfo } from '../../output/output.ts';
import { withTemporal } from '../../../temporal/connect.ts';
import { requireOwnWork } from '../../options/own-work.ts';

export interface ResetOptions extends CommonOptions {
  readonly drop?: boolean;
  readonly keepState?: boolean;
  readonly yes?: boolean;
}

/** `daybook reset`: empties the tables, and lets sources restart from scratch. CSV stays. */
export async function resetCommand(options: ResetOptions): Promise<void> {
  const context = createContext(options);
  const owner = requireOwner(context);
  const temporal = requireTemporal(context);
  // Without a terminal to confirm on, no server needs to be reached.
  if (!options.yes && !canAsk()) await requireConfirmation(`reset ${owner.database} at ${owner.host}`, false);
  await withTemporal(temporal, async (client) => {
    await requireOwnWork(context, options, client, true);
    await assertNoneOpen(client, context.instance, 'reset', null);
  });
  if (!options.yes) await requireConfirmation(await describeReset(owner, options), false);
  // States first: a state that outlives its records would hide them from an empty database.
  const store = openStore(context);
  if (!options.keepState) await deleteStates(store);
  // Windows that ran filled tables that are empty now.
  await deleteWindows(store);
  const { dropped } = await resetDatabase(owner, options.drop === true);
  print(`emptied ${owner.database}${options.drop ? `, dropped ${dropped} partitions` : ''}`);
  if (options.keepState) return printInfo('source state kept');
  // A scheduled run that began and ended in the meantime remembers what is gone.
  await deleteStates(store);
  await withTemporal(temporal, async (client) => assertNoneStarted(client, context.instance, 'reset', null));
  printInfo('sources restart from scratch');
}

async function describeReset(owner: PostgresSettings, { drop, keepState }: ResetOptions): Promise<string> {
  const partitions = await withClient(owner, (client) => describePartitions(client, owner.schema)).catch(() => null);
  const rows = partitions?.reduce((sum, { rows: estimate }) => sum + (estimate ?? 0), 0);
  const what = partitions === null ? 'all rows' : `all rows of ${partitions.length} partitions (about ${rows})`;
  return `reset ${owner.database} at ${owner.host}: remove ${what}${drop ? ', drop their partitions' : ''}${keepState ? '' : ', and restart all sources from scratch'}`;
}

async function deleteStates(store: BlobStore): Promise<void> {
  await resetStates(store, await listStates(store));
}
