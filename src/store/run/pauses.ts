import { isObject } from '../../domain/is-object.ts';
import type { PausedBy } from '../../domain/run/pause-note.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import { hasFields, readStoredJson, storedJson } from '../blobs/stored-json.ts';
import { storePaths } from '../paths/paths.ts';

/** Pauses of sources that are probed: they have no schedule of their own that could be paused. */

/** The pauses of a store. */
export interface StoredPauses {
  readonly read: (source: string) => Promise<PausedBy | null>;
  /** Of all sources that are paused. */
  readonly readAll: () => Promise<ReadonlyMap<string, PausedBy>>;
  readonly write: (source: string, pause: PausedBy) => Promise<void>;
  readonly end: (source: string) => Promise<boolean>;
}

export function storedPauses(store: BlobStore): StoredPauses {
  return {
    read: (source) => readPause(store, source, new Date()),
    readAll: () => readPauses(store, new Date()),
    write: (source, pause) => writePause(store, source, pause),
    end: (source) => endStoredPause(store, source, new Date()),
  };
}

/** Pauses a source, or replaces its pause. */
async function writePause(store: BlobStore, source: string, pause: PausedBy): Promise<void> {
  await store.put(storePaths.pause.build({ source }), storedJson(pause));
}

/** Ends the pause of a source. @returns whether it was paused */
async function endStoredPause(store: BlobStore, source: string, now: Date): Promise<boolean> {
  const wasPaused = (await readPause(store, source, now)) !== null;
  await store.delete(storePaths.pause.build({ source }));
  return wasPaused;
}

/** Who paused a source; null = it is not paused, or no longer. */
export async function readPause(store: BlobStore, source: string, now: Date): Promise<PausedBy | null> {
  const pause = await readStoredJson(store, storePaths.pause.build({ source }), 'a pause', isPause);
  if (!pause) return null;
  return pause.until !== null && Date.parse(pause.until) <= now.getTime() ? null : pause;
}

/** All sources that are paused. */
export async function readPauses(store: BlobStore, now: Date): Promise<ReadonlyMap<string, PausedBy>> {
  const pauses = new Map<string, PausedBy>();
  for (const path of await store.list(storePaths.pause.folder({}))) {
    const source = storePaths.pause.parse(path)?.source;
    const pause = source === undefined ? null : await readPause(store, source, now);
    if (source !== undefined && pause) pauses.set(source, pause);
  }
  return pauses;
}

function isPause(value: unknown): value is PausedBy {
  const isWhole = isObject(value) && ['by', 'reason', 'until'].every((name) => value[name] !== undefined);
  return isWhole && hasFields(value, { by: 'string?', reason: 'string?', until: 'time?' });
}
