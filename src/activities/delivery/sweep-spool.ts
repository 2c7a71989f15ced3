import { Context } from '@temporalio/activity';
import { Instance } from '../../domain/instance.ts';
import type { BlobStore } from '../../store/blobs/blob-store.ts';
import { sweepHostBudgets } from '../../store/run/sweep-host-budgets.ts';
import { sweepNamedBlobs } from '../../store/run/sweep-named-blobs.ts';
import { storedId, storePaths } from '../../store/paths/paths.ts';
import { runningWorkflows } from '../../temporal/running-workflows.ts';
import type { Uses } from '../support/dependencies.ts';
import { adapterContext, type AdapterContext } from '../support/adapter-context.ts';

export interface SweepSpoolInput {
  /** Only count. */
  readonly dryRun: boolean;
}

export interface SweptSpool {
  readonly batches: number;
  /** Files left half written by kills, in the store and the journal. */
  readonly leftovers: number;
}

/** Younger batches may belong to a run that the server's lists do not show yet. */
const minAgeMs = 24 * 3_600_000;
/** A run that reads a copy for so long is rare. */
const copiesAgeMs = 3 * 24 * 3_600_000;

/**
 * Deletes batches that are no longer needed: older than a day, of no active run, deferred for no sink; what polls left that never ended;
 * what runs knew of jobs of exports; past slots of host budgets; leftovers of kills; and the notes of workers that are gone, which this worker takes over. Safe to repeat because deleted files stay deleted.
 */
export function createSweepSpool({ store, journal, lastRuns }: Uses<'store' | 'journal' | 'lastRuns'>) {
  return async function sweepSpool({ dryRun }: SweepSpoolInput): Promise<SweptSpool> {
    const context = adapterContext();
    const batches = await sweepBatches(store, dryRun, context);
    if (dryRun) return { batches, leftovers: 0 };
    await sweepExports(store, context);
    await lastRuns.mergeSilent();
    await sweepNamedBlobs(store, context.signal);
    await sweepCopies(store, context);
    await sweepHostBudgets(store, context.signal);
    const inStore = await store.deleteLeftovers(context.signal);
    return { batches, leftovers: inStore + (await journal.deleteLeftovers('parts', context.signal)) };
  };
}

async function sweepBatches(
  store: BlobStore,
  dryRun: boolean,
  { signal, onProgress }: AdapterContext,
): Promise<number> {
  const old = await store.listOlder(storePaths.batch.folder({}), new Date(Date.now() - minAgeMs));
  if (old.length === 0) return 0;
  // In this order: a run that ends in between has already written its markers.
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

/** Jobs of exports of runs that are over. */
async function sweepExports(store: BlobStore, { signal }: AdapterContext): Promise<void> {
  const old = await store.listOlder(storePaths.exportJob.folder({}), new Date(Date.now() - minAgeMs));
  if (old.length === 0) return;
  const open = await openRuns();
  for (const path of old) {
    signal.throwIfAborted();
    const run = storePaths.exportJob.parse(path);
    if (run && !open.has(run.workflowId)) await store.delete(path);
  }
}

/**
 * Deletes copies of bodies that a run has left that never came to its end. One that still reads them, paused for long, copies its body
 * again.
 */
async function sweepCopies(store: BlobStore, { signal }: AdapterContext): Promise<void> {
  for (const path of await store.listOlder(storePaths.download.folder({}), new Date(Date.now() - copiesAgeMs))) {
    signal.throwIfAborted();
    await store.delete(path);
  }
}

/**
 * Hashes of batches named by any marker: a deferred, lost or damaged one. Only the name counts: the content of the file may be
 * wrong.
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

/** Ids of running workflows, in their form in paths. */
async function openRuns(): Promise<Set<string>> {
  const open = new Set<string>();
  const { client, info } = Context.current();
  for await (const id of runningWorkflows(client, Instance.ofQueue(info.taskQueue))) open.add(storedId(id));
  return open;
}
