import { Context } from '@temporalio/activity';
import { nothingSecret } from '../../domain/secrets/redact.ts';
import type { CanaryRows } from '../../sinks/postgres/writer/canary-rows.ts';
import { clearCanaryBlobs, type IsOver } from '../../store/canary/canary-blobs.ts';
import { clearCanaryParts } from '../../store/canary/canary-parts.ts';
import { hasEnded } from '../../temporal/running-workflows.ts';
import type { ActivityDependencies } from '../support/dependencies.ts';
import { runActivity } from '../support/run-activity.ts';

/**
 * Takes away everything that this canary left behind, and what those left that ended without doing so. Others that are under
 * way keep what they have. Safe to repeat because what is gone stays gone.
 */
export function createCleanCanary({ store, journal, canaryRows }: ActivityDependencies) {
  return async function cleanCanary(): Promise<void> {
    await runActivity(nothingSecret, async () => {
      const isOver = endedCanaries();
      // What cannot be taken away in one place is no reason to leave it in the others.
      const outcomes = await Promise.allSettled([
        clearCanaryParts(journal, isOver),
        clearCanaryBlobs(store, isOver),
        clearRows(canaryRows, isOver),
      ]);
      for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
    });
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
