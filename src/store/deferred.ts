import type { BatchRef } from '../domain/batch.ts';
import { sinks, type Sink } from '../domain/receipt.ts';
import type { BlobStore } from './blob-store.ts';

/** Says that a batch waits for a sink: `deferred/<sink>/<source>/<ingested at>-<hash>.json`. */
export interface DeferredBatch {
  readonly batch: BatchRef;
  /** Why the sink did not take it. */
  readonly reason: string;
  /** ISO 8601. */
  readonly since: string;
}

/** Marks a batch as waiting; one that waits already is left as it is. */
export async function markDeferred(store: BlobStore, sink: Sink, deferred: DeferredBatch): Promise<void> {
  await store.putIfAbsent(markerPath(sink, deferred.batch), JSON.stringify(deferred));
}

export async function unmarkDeferred(store: BlobStore, sink: Sink, batch: BatchRef): Promise<void> {
  await store.delete(markerPath(sink, batch));
}

/** Whether any sink still has to take a batch. */
export async function isDeferred(store: BlobStore, batch: BatchRef): Promise<boolean> {
  for (const sink of sinks) {
    if ((await store.get(markerPath(sink, batch))) !== null) return true;
  }
  return false;
}

/** Paths of the markers of a sink and source, the oldest batch first. */
export function listDeferred(store: BlobStore, sink: Sink, source: string): Promise<string[]> {
  return store.list(`deferred/${sink}/${source}`);
}

/** Reads a marker; null where it is gone. */
export async function readDeferred(store: BlobStore, path: string): Promise<DeferredBatch | null> {
  const content = await store.get(path);
  return content && (JSON.parse(content.toString()) as DeferredBatch);
}

/** Sinks and sources for which batches wait, with the markers' paths. */
export async function waitingDeliveries(
  store: BlobStore,
): Promise<{ readonly sink: Sink; readonly source: string; readonly paths: readonly string[] }[]> {
  const waiting = new Map<string, string[]>();
  for (const path of await store.list('deferred')) {
    const key = path.split('/').slice(1, 3).join('/');
    waiting.set(key, [...(waiting.get(key) ?? []), path]);
  }
  return [...waiting].map(([key, paths]) => {
    const [sink, source] = key.split('/') as [Sink, string];
    return { sink, source, paths };
  });
}

/** A marker whose batch is gone: `lost/<sink>/<source>/<ingested at>-<hash>.json`. */
interface LostBatch extends DeferredBatch {
  /** Of the source's state then; absent where 0.2.0 lost it. */
  readonly epoch?: number;
}

/**
 * Sets a marker aside whose batch is gone: nothing can be delivered, and somebody has to know.
 * @param epoch of the source's state: a later one is of a command that had the source asked again
 */
export async function setLost(store: BlobStore, sink: Sink, deferred: DeferredBatch, epoch: number): Promise<void> {
  const lost: LostBatch = { ...deferred, epoch };
  await store.put(`lost/${markerPath(sink, deferred.batch).slice('deferred/'.length)}`, JSON.stringify(lost));
  await unmarkDeferred(store, sink, deferred.batch);
}

/** A poll that has reached its end. */
export interface FinishedPoll {
  /** Of the state that it began with. */
  readonly epoch: number;
  /** Since when it asked for records, canonical text; null = for all. */
  readonly since: string | null;
}

/**
 * Deletes the notes of lost batches that a poll has fetched again: it began at or before them, and a command had made the
 * source forget that they were known.
 * @returns how many are left
 */
export async function clearLost(store: BlobStore, source: string, poll: FinishedPoll): Promise<number> {
  let left = 0;
  for (const sink of sinks) {
    for (const path of await store.list(`lost/${sink}/${source}`)) {
      const lost: LostBatch | null = await readDeferred(store, path);
      if (lost && hasFetchedAgain(poll, lost)) await store.delete(path);
      else if (lost) left++;
    }
  }
  return left;
}

function hasFetchedAgain({ epoch, since }: FinishedPoll, { batch, epoch: lostIn = 0 }: LostBatch): boolean {
  return epoch > lostIn && (since === null || (batch.earliest !== undefined && since <= batch.earliest));
}

function markerPath(sink: Sink, { source, ingestedAt, hash }: BatchRef): string {
  return `deferred/${sink}/${source}/${ingestedAt.replaceAll(/[-:.]/g, '')}-${hash}.json`;
}
