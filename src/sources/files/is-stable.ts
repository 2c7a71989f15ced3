import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FilePosition } from '../../domain/state/fetch-position.ts';
import { localPlace } from './places/local-place.ts';
import type { FileToRead } from './record-reader.ts';

const standStillMs = 2_000;

/** Whether a file is not being written: it is unchanged since the run reached it, and for two seconds. Waits for the rest of these. */
export async function isStable(file: FileToRead, place: FilePosition, signal: AbortSignal): Promise<boolean> {
  const at = file.at ?? localPlace;
  if (!at.isWritten) return (await at.stamp(file.plan.name, file.path)).inode === place.inode;
  const before = await stat(file.path);
  const isAsFound = before.size === place.size && (place.changedMs ?? before.ctimeMs) === before.ctimeMs;
  if (!isAsFound) return false;
  const limit = file.standStillMs ?? standStillMs;
  // The clock of a file server may differ.
  const missing = Math.min(limit, limit - (Date.now() - before.ctimeMs));
  if (missing > 0) {
    await sleep(missing, undefined, { signal }).catch(() => undefined);
    signal.throwIfAborted();
  }
  const after = await stat(file.path);
  return after.size === before.size && after.ctimeMs === before.ctimeMs && after.ino === before.ino;
}
