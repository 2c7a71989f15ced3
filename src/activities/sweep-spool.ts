import { Context } from '@temporalio/activity';
import { pathPart } from '../domain/path-part.ts';
import { nothingSecret } from '../domain/redact.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { runAdapter } from './run-adapter.ts';

export interface SweepSpoolInput {
  /** Only count. */
  readonly dryRun: boolean;
}

export interface SweptSpool {
  readonly batches: number;
}

/** Younger batches may belong to a run that the server's lists do not show yet. */
const leastAgeMs = 24 * 3_600_000;

/**
 * Deletes batches that nobody will ever ask for: older than a day, of no run under way, waiting for no sink. Safe to repeat
 * because a batch that is gone stays gone.
 */
export function createSweepSpool({ store }: ActivityDependencies) {
  return async function sweepSpool({ dryRun }: SweepSpoolInput): Promise<SweptSpool> {
    return runAdapter(nothingSecret, async ({ signal, onProgress }) => {
      const old = await store.listOlder('spool', new Date(Date.now() - leastAgeMs));
      if (old.length === 0) return { batches: 0 };
      // In this order: a run that ends meanwhile has written its markers before.
      const open = await openRuns();
      const waiting = new Set((await store.list('deferred')).map(hashOfMarker));
      let batches = 0;
      for (const path of old) {
        signal.throwIfAborted();
        const [, , run = '', , hash = ''] = path.split('/');
        if (open.has(run) || waiting.has(hash)) continue;
        if (!dryRun) await store.delete(path);
        onProgress({ batches: ++batches });
      }
      return { batches };
    });
  };
}

/** Workflow ids under way, as they stand in paths. */
async function openRuns(): Promise<Set<string>> {
  const open = new Set<string>();
  for await (const { workflowId } of Context.current().client.workflow.list({ query: `ExecutionStatus = 'Running'` })) {
    open.add(pathPart(workflowId));
  }
  return open;
}

/** `deferred/<sink>/<source>/<time>-<hash>.json` */
function hashOfMarker(path: string): string {
  return path.slice(path.lastIndexOf('-') + 1, -'.json'.length);
}
