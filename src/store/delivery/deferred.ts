import type { BatchRef } from '../../domain/run/batch.ts';
import { sinks, type Sink } from '../../domain/run/sink.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import { reportDamage } from '../blobs/damage.ts';
import { storePaths } from '../paths/paths.ts';
import { findBatch, isSpooled, rebuildMarker } from './rebuild-marker.ts';
import { hasFields, parseStoredJson, readStoredJson, storedJson } from '../blobs/stored-json.ts';
import type { DeferredBatch } from './deferred-batch.ts';

/** The content of a marker; or how it is damaged; null if it is gone. */
export type MarkerReading = { readonly ok: DeferredBatch } | { readonly damaged: string } | null;

/** Marks a batch as deferred; an existing marker stays as it is. */
export async function markDeferred(store: BlobStore, sink: Sink, deferred: DeferredBatch): Promise<void> {
  await store.putIfAbsent(markerPath(sink, deferred.batch), storedJson(deferred));
}

export async function unmarkDeferred(store: BlobStore, sink: Sink, batch: BatchRef): Promise<void> {
  await store.delete(markerPath(sink, batch));
}

/** Whether any sink still has to take a batch. The name of a damaged marker still shows this. */
export async function isDeferred(store: BlobStore, batch: BatchRef): Promise<boolean> {
  const markers = await Promise.all(sinks.map((sink) => store.get(markerPath(sink, batch))));
  return markers.some((marker) => marker !== null);
}

/** Paths of the markers of a sink and source, the oldest batch first. */
export function listDeferred(store: BlobStore, sink: Sink, source: string): Promise<string[]> {
  return store.list(storePaths.marker.folder({ sink, source }));
}

/** Reads a marker, and changes nothing. */
export async function readMarker(store: BlobStore, path: string): Promise<MarkerReading> {
  const content = await store.get(path);
  return content && readContent(store, path, content);
}

/**
 * Reads a marker to deliver its batch. One that is damaged is rebuilt; if that is impossible it stays under its name, which keeps
 * its batch in the spool, and the damage is reported to the store.
 */
export async function takeMarker(store: BlobStore, path: string): Promise<MarkerReading> {
  const content = await store.get(path);
  if (content === null) return null;
  const found = await readContent(store, path, content);
  if (found === null || 'ok' in found) return found;
  const rebuilt = await rebuildMarker(store, path);
  if (rebuilt) return { ok: rebuilt };
  await reportDamage(store, { path, content, problem: found.damaged, remains: 'all' });
  return found;
}

/** Whether one of some markers can be read: unreadable ones do not keep a deliverer running. */
export async function anyReadable(store: BlobStore, paths: readonly string[]): Promise<boolean> {
  for (const path of paths) {
    const found = await readMarker(store, path);
    if (found && 'ok' in found) return true;
  }
  return false;
}

/** Markers of a source that can neither be read nor rebuilt. */
export async function unreadableMarkers(store: BlobStore, source: string): Promise<string[]> {
  const unreadable: string[] = [];
  for (const sink of sinks) {
    for (const path of await listDeferred(store, sink, source)) {
      const found = await readMarker(store, path);
      if (found && 'damaged' in found) unreadable.push(path);
    }
  }
  return unreadable;
}

/** Whether any batch waits for a sink. */
export async function anyDeferred(store: BlobStore, sink: Sink): Promise<boolean> {
  for await (const path of store.walk(storePaths.marker.folder({ sink }))) {
    if (storePaths.marker.parse(path)) return true;
  }
  return false;
}

/** Sources with batches that wait for a sink. */
export async function waitingSources(store: BlobStore, sink: Sink): Promise<ReadonlySet<string>> {
  const sources = new Set<string>();
  for await (const path of store.walk(storePaths.marker.folder({ sink }))) {
    const marker = storePaths.marker.parse(path);
    if (marker) sources.add(marker.source);
  }
  return sources;
}

/** Batches of a source that wait for a sink. */
export interface WaitingDelivery {
  readonly sink: Sink;
  readonly source: string;
  readonly batches: number;
  /** Paths of the oldest batches' markers: an outage may leave more of them than are worth holding. */
  readonly oldest: readonly string[];
}

/** Maximum number of markers returned for a delivery. */
const maxHandedOut = 50;

/** Sinks and sources with deferred batches. */
export async function waitingDeliveries(store: BlobStore): Promise<WaitingDelivery[]> {
  const waiting = new Map<string, { sink: Sink; source: string; batches: number; oldest: string[] }>();
  for await (const path of store.walk(storePaths.marker.folder({}))) {
    const marker = storePaths.marker.parse(path);
    if (!marker) continue;
    const { sink, source } = marker;
    const folder = storePaths.marker.folder({ sink, source });
    const found = waiting.get(folder) ?? { sink, source, batches: 0, oldest: [] };
    found.batches++;
    if (found.oldest.length < maxHandedOut) found.oldest.push(path);
    waiting.set(folder, found);
  }
  return [...waiting.values()];
}

/** A marker whose batch is gone. */
interface LostBatch extends DeferredBatch {
  /** Of the source's state then; absent if 0.2.0 lost it. */
  readonly epoch?: number;
}

/**
 * Sets a marker aside whose batch is gone: nothing can be delivered, and an operator has to know.
 * @param epoch of the source's state: a later one comes from a command that made the source be polled again
 */
export async function markMissing(store: BlobStore, sink: Sink, deferred: DeferredBatch, epoch: number): Promise<void> {
  const lost: LostBatch = { ...deferred, epoch };
  await store.put(storePaths.missingMarker.build({ sink, ...deferred.batch }), storedJson(lost));
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
 * Deletes the notes of lost batches that a poll has fetched again: it began at or before them, and a command had made the source
 * forget them.
 * @returns how many are left
 */
export async function clearMissing(store: BlobStore, source: string, poll: FinishedPoll): Promise<number> {
  let left = 0;
  for (const sink of sinks) {
    for (const path of await store.list(storePaths.missingMarker.folder({ sink, source }))) {
      const lost: LostBatch | null = await readStoredJson(store, path, 'the marker of a lost batch', isMarker);
      if (lost && hasFetchedAgain(poll, lost)) await store.delete(path);
      else if (lost) left++;
    }
  }
  return left;
}

function hasFetchedAgain({ epoch, since }: FinishedPoll, { batch, epoch: lostIn = 0 }: LostBatch): boolean {
  return epoch > lostIn && (since === null || (batch.earliest !== undefined && since <= batch.earliest));
}

/** The content of a marker has to agree with its name, and refer to an existing batch. */
async function readContent(store: BlobStore, path: string, content: Buffer): Promise<MarkerReading> {
  const parsed = parseStoredJson(content, 'the marker of a batch', isMarker);
  if (!parsed.ok) return { damaged: parsed.problem };
  const { batch } = parsed.value;
  const named = storePaths.marker.parse(path);
  if (named && storePaths.marker.build({ ...batch, sink: named.sink }) !== path) {
    return { damaged: 'names another batch than its name' };
  }
  if (!(await isSpooled(store, batch)) && (await findBatch(store, batch.source, batch.hash)) !== null) {
    return { damaged: 'names another run than its batch' };
  }
  return { ok: parsed.value };
}

function isMarker(value: unknown): value is DeferredBatch {
  return (
    hasFields(value, { batch: 'object', reason: 'string', since: 'time' }) &&
    hasFields((value as DeferredBatch).batch, {
      source: 'string',
      workflowId: 'string',
      firstRunId: 'string',
      hash: 'string',
      ingestedAt: 'time',
      number: 'number',
      records: 'number',
      bytes: 'number',
    })
  );
}

function markerPath(sink: Sink, batch: BatchRef): string {
  return storePaths.marker.build({ sink, ...batch });
}
