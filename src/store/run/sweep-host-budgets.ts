import type { BlobStore } from '../blobs/blob-store.ts';
import { storePaths } from '../paths/paths.ts';
import { isClosedLately, readClosure } from './host-closure.ts';

const minAgeMs = 24 * 3_600_000;

/** Deletes slots that are past, which a worker left that was killed, and times until which hosts were closed, a day after they were written. */
export async function sweepHostBudgets(store: BlobStore, signal: AbortSignal, now = new Date()): Promise<void> {
  const before = new Date(now.getTime() - minAgeMs);
  for (const layout of [storePaths.hostSlots, storePaths.earlierHostSlot]) {
    for (const path of await store.listOlder(layout.folder({}), before)) {
      signal.throwIfAborted();
      const slot = layout.parse(path);
      if (slot && ((slot.place + 1) * slot.perMs) / slot.requests < before.getTime()) await store.delete(path);
    }
  }
  for (const path of await store.listOlder(storePaths.closure.folder({}), before)) {
    signal.throwIfAborted();
    const host = storePaths.closure.parse(path)?.host;
    if (host === undefined) continue;
    const closure = await readClosure(store, host, now);
    if (closure && !isClosedLately(closure, now)) await store.delete(path);
  }
}
