import { resetDatabase } from '../sinks/postgres/reset.ts';
import { listStates, resetStates } from '../store/states.ts';
import type { BlobStore } from '../store/blob-store.ts';
import { deleteWindows } from '../store/windows.ts';
import { createContext, openStore, requireOwner, requireTemporal, type CommonOptions } from './context.ts';
import { refuseBegun, refuseOpenWorkflows } from './open-workflows.ts';
import { print, say } from './output.ts';
import { withTemporal } from './temporal-client.ts';

export interface ResetOptions extends CommonOptions {
  readonly drop?: boolean;
  readonly keepState?: boolean;
}

/** `daybook reset`: empties the tables, and lets the sources begin afresh. CSV stays. */
export async function resetCommand(options: ResetOptions): Promise<void> {
  const context = createContext(options);
  const owner = requireOwner(context);
  const temporal = requireTemporal(context);
  await withTemporal(temporal, async (client) => refuseOpenWorkflows(client, 'reset', null));
  // States first: one that outlived its records would hide them from an empty database.
  const store = openStore(context);
  if (!options.keepState) await deleteStates(store);
  // Windows that ran filled tables that are empty now.
  await deleteWindows(store);
  const { dropped } = await resetDatabase(owner, options.drop === true);
  print(`emptied ${owner.database}${options.drop ? `, dropped ${dropped} partitions` : ''}`);
  if (options.keepState) return say('the sources go on where they were');
  // A run that a schedule began and ended meanwhile remembers what is gone.
  await deleteStates(store);
  await withTemporal(temporal, async (client) => refuseBegun(client, 'reset', null));
  say('the sources begin afresh');
}

async function deleteStates(store: BlobStore): Promise<void> {
  await resetStates(store, await listStates(store));
}
