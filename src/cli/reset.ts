import { backfillType, deliverType, replayCsvType, scrapeRunType } from '../domain/names.ts';
import { resetDatabase } from '../sinks/postgres/reset.ts';
import { deleteState, listStates } from '../store/states.ts';
import { deleteWindows } from '../store/windows.ts';
import { CannotStart } from './cannot-start.ts';
import { createContext, openStore, requireOwner, requireTemporal, type CommonOptions } from './context.ts';
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
  await withTemporal(requireTemporal(context), async (client) => {
    const types = [scrapeRunType, deliverType, backfillType, replayCsvType]
      .map((type) => `WorkflowType = '${type}'`)
      .join(' OR ');
    const open = `(${types}) AND ExecutionStatus = 'Running'`;
    const { count } = await client.workflow.count(open);
    if (count > 0) {
      throw new CannotStart(
        `reset: found ${count} open run${count === 1 ? '' : 's'} or deliveries, expected none; pause the schedules and let them end, or cancel them: ` +
          `temporal workflow cancel --query 'WorkflowType IN ("${scrapeRunType}", "${deliverType}") AND ExecutionStatus="Running"' --yes`,
      );
    }
  });
  // States first: one that outlived its records would hide them from an empty database.
  const store = openStore(context);
  if (!options.keepState) for (const name of await listStates(store)) await deleteState(store, name);
  // Windows that ran filled tables that are empty now.
  await deleteWindows(store);
  const { dropped } = await resetDatabase(owner, options.drop === true);
  print(`emptied ${owner.database}${options.drop ? `, dropped ${dropped} partitions` : ''}`);
  say(options.keepState ? 'the sources go on where they were' : 'the sources begin afresh');
}
