import { Context } from '@temporalio/activity';
import type { CanaryRows } from '../../sinks/postgres/writer/canary-rows.ts';
import { clearCanaryBlobs, type IsOver } from '../../store/canary/canary-blobs.ts';
import { clearCanaryParts } from '../../store/canary/canary-parts.ts';
import { hasEnded } from '../../temporal/running-workflows.ts';
import type { Uses } from '../support/dependencies.ts';

/**
 * Deletes everything of this canary, and leftovers of ended ones. Running canaries keep their data. Safe to repeat because deleted
 * data stays deleted.
 */
export function createCleanCanary({ store, journal, canaryRows }: Uses<'store' | 'journal' | 'canaryRows'>) {
  return async function cleanCanary(): Promise<void> {
    const isOver = endedCanaries();
    // A failed deletion in one place must not prevent the others.
    const outcomes = await Promise.allSettled([
      clearCanaryParts(journal, isOver),
      clearCanaryBlobs(store, isOver),
      clearRows(canaryRows, isOver),
    ]);
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  };
}

async function clearRows(rows: CanaryRows, isOver: IsOver): Promise<void> {
  const over: string[] = [];
  for (const id of await rows.ids()) if (await isOver(id)) over.push(id);
  if (over.length > 0) await rows.clear(over);
}

/** Each is asked for once. This one is at its end. */
function endedCanaries(): IsOver {
  const { client, info } = Context.current();
  const own = info.workflowExecution?.workflowId;
  const known = new Map<string, Promise<boolean>>();
  return (id) => {
    const asked = known.get(id) ?? (id === own ? Promise.resolve(true) : hasEnded(client, id));
    known.set(id, asked);
    return asked;
  };
}
