import type { Sink } from '../../domain/run/sink.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import { storePaths } from '../paths/paths.ts';
import { hasFields, readStoredJson, storedJson } from '../blobs/stored-json.ts';

/** Why the batches of a source still wait for a sink, as it was found last. */
export interface WaitingReason {
  readonly reason: string;
  /** When it was found first. ISO 8601. */
  readonly since: string;
}

/** Notes the newest reason; one that is known already is left as it is. */
export async function noteWaitingReason(store: BlobStore, sink: Sink, source: string, reason: string): Promise<void> {
  const known = await readWaitingReason(store, sink, source);
  if (known?.reason === reason) return;
  const since = new Date().toISOString();
  await store.put(
    storePaths.waitingReason.build({ sink, source }),
    storedJson({ reason, since } satisfies WaitingReason),
  );
}

/** Null where none was noted: nobody has tried to deliver yet. What cannot be read is written anew at the next try. */
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
