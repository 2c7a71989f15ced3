import type { BlobStore } from '../blobs/blob-store.ts';
import { hasFields, readStoredJson } from '../blobs/stored-json.ts';
import { storePaths } from '../paths/paths.ts';

/** How long a host is called less often after it was closed. */
const slowForMs = 60_000;

/** A longer block means a damaged file: the host would never be called again. */
const maxClosureMs = 400 * 24 * 3_600_000;

export interface Closure {
  /** ISO 8601. */
  readonly until: string;
}

/** @param from a closure that ends too long after it cannot be meant */
export function readClosure(store: BlobStore, host: string, from: Date): Promise<Closure | null> {
  const isClosure = (value: unknown): value is Closure =>
    hasFields(value, { until: 'time' }) && Date.parse((value as Closure).until) < from.getTime() + maxClosureMs;
  const path = storePaths.closure.build({ host });
  return readStoredJson(store, path, 'the time until which a host accepts no requests', isClosure);
}

/** Whether the host is closed, or is called less often since. */
export function isClosedLately({ until }: Closure, now: Date): boolean {
  return now.getTime() < Date.parse(until) + slowForMs;
}

/** Forgets that a host must not be called. Workers notice within half a second. */
export async function reopenHost(store: BlobStore, host: string): Promise<void> {
  await store.delete(storePaths.closure.build({ host }));
}
