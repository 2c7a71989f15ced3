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

/** Sets a marker aside whose batch is gone: nothing can be delivered, and somebody has to know. */
export async function setLost(store: BlobStore, sink: Sink, deferred: DeferredBatch): Promise<void> {
  await store.put(`lost/${markerPath(sink, deferred.batch).slice('deferred/'.length)}`, JSON.stringify(deferred));
  await unmarkDeferred(store, sink, deferred.batch);
}

/** Takes note that somebody saw to the batches of a source that were gone. */
export async function clearLost(store: BlobStore, source: string): Promise<void> {
  for (const sink of sinks) {
    for (const path of await store.list(`lost/${sink}/${source}`)) await store.delete(path);
  }
}

function markerPath(sink: Sink, { source, ingestedAt, hash }: BatchRef): string {
  return `deferred/${sink}/${source}/${ingestedAt.replaceAll(/[-:.]/g, '')}-${hash}.json`;
}
