import { Context } from '@temporalio/activity';
import { Instance } from '../../domain/instance.ts';
import { nothingSecret } from '../../domain/secrets/redact.ts';
import type { BlobStore } from '../../store/blobs/blob-store.ts';
import { deleteLeftovers } from '../../store/blobs/leftovers.ts';
import { storedId, storePaths } from '../../store/paths/paths.ts';
import { runningWorkflows } from '../../temporal/running-workflows.ts';
import type { ActivityDependencies } from '../support/dependencies.ts';
import { runActivity, type AdapterContext } from '../support/run-activity.ts';

export interface SweepSpoolInput {
  /** Only count. */
  readonly dryRun: boolean;
}

export interface SweptSpool {
  readonly batches: number;
  /** Files that kills left half written, in the store and the journal. */
  readonly leftovers: number;
}

/** Younger batches may belong to a run that the server's lists do not show yet. */
const minAgeMs = 24 * 3_600_000;

/**
 * Deletes batches that nobody will ever ask for: older than a day, of no active runs, waiting for no sink; and what kills
 * left half written. Safe to repeat because what is gone stays gone.
 */
export function createSweepSpool({ store, journal }: ActivityDependencies) {
  return async function sweepSpool({ dryRun }: SweepSpoolInput): Promise<SweptSpool> {
    return runActivity(nothingSecret, async (context) => {
      const batches = await sweepBatches(store, dryRun, context);
      if (dryRun) return { batches, leftovers: 0 };
      const inStore = await store.deleteLeftovers(context.signal);
      return { batches, leftovers: inStore + (await deleteLeftovers(journal.csv, context.signal)) };
    });
  };
}

async function sweepBatches(
  store: BlobStore,
  dryRun: boolean,
  { signal, onProgress }: AdapterContext,
): Promise<number> {
  const old = await store.listOlder(storePaths.batch.folder({}), new Date(Date.now() - minAgeMs));
  if (old.length === 0) return 0;
  // In this order: a run that ends meanwhile has written its markers before.
  const open = await openRuns();
  const needed = await neededBatches(store);
  let batches = 0;
  for (const path of old) {
    signal.throwIfAborted();
    const batch = storePaths.batch.parse(path);
    const run = batch ?? storePaths.replayNote.parse(path);
    if (!run || open.has(run.workflowId) || (batch && needed.has(batch.hash))) continue;
    if (!dryRun) await store.delete(path);
    onProgress({ batches: ++batches });
  }
  return batches;
}

/**
 * Hashes of batches that a marker names, whatever became of it: one that waits, that was lost, or that is damaged. The name
 * alone counts: what stands in the file may be wrong.
 */
async function neededBatches(store: BlobStore): Promise<Set<string>> {
  const folders = [storePaths.marker, storePaths.missingMarker, storePaths.damaged].map((layout) => layout.folder({}));
  const needed = new Set<string>();
  for (const folder of new Set(folders)) {
    for await (const path of store.walk(folder)) {
      for (const [hash] of path.matchAll(/[0-9a-f]{64}/g)) needed.add(hash);
    }
  }
  return needed;
}

/** Workflow ids under way, as paths give them back. */
async function openRuns(): Promise<Set<string>> {
  const open = new Set<string>();
  const { client, info } = Context.current();
  for await (const id of runningWorkflows(client, Instance.ofQueue(info.taskQueue))) open.add(storedId(id));
  return open;
}
