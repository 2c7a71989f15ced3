import type { Sink } from '../../domain/run/sink.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import { storePaths } from '../paths/paths.ts';
import { hasFields, readStoredJson, storedJson } from '../blobs/stored-json.ts';

/** Why the batches of a source are still deferred, as last found. */
export interface WaitingReason {
  readonly reason: string;
  /** When it was found first. ISO 8601. */
  readonly since: string;
}

/** Notes the newest reason; an equal one stays as it is. */
export async function noteWaitingReason(store: BlobStore, sink: Sink, source: string, reason: string): Promise<void> {
  const known = await readWaitingReason(store, sink, source);
  if (known?.reason === reason) return;
  const since = new Date().toISOString();
  await store.put(
    storePaths.waitingReason.build({ sink, source }),
    storedJson({ reason, since } satisfies WaitingReason),
  );
}

/** Null if none was noted: no delivery was tried yet. An unreadable one is written again at the next attempt. */
export async function readWaitingReason(store: BlobStore, sink: Sink, source: string): Promise<WaitingReason | null> {
  const path = storePaths.waitingReason.build({ sink, source });
  return readStoredJson(store, path, 'why batches are deferred', isWaitingReason);
}

export async function clearWaitingReason(store: BlobStore, sink: Sink, source: string): Promise<void> {
  await store.delete(storePaths.waitingReason.build({ sink, source }));
}

function isWaitingReason(value: unknown): value is WaitingReason {
  return hasFields(value, { reason: 'string', since: 'time' });
}
