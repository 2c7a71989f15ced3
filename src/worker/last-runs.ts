import { hostname } from 'node:os';
import { inParallel } from '../domain/in-parallel.ts';
import { messageOf } from '../domain/errors.ts';
import type { BlobStore } from '../store/blobs/blob-store.ts';
import { storePaths } from '../store/paths/paths.ts';
import { LastRuns } from '../store/run/last-runs.ts';
import { listRecentReceipts, readReceipt } from '../store/run/receipts.ts';
import { readState } from '../store/run/states.ts';
import type { WorkerSettings } from './worker-settings.ts';

/** Where a worker notes its runs: in a file that is named by its host, so that the next process there continues it. */
export function openLastRuns(
  store: BlobStore,
  { instance, config, logger }: Pick<WorkerSettings, 'instance' | 'config' | 'logger'>,
): LastRuns {
  return new LastRuns({
    store,
    worker: instance.isDefault ? hostname() : `${instance.name}@${hostname()}`,
    isConfigured: (source) => config.lastGood().sources.some(({ name }) => name === source),
    onError: (error) =>
      logger.warn({ error: messageOf(error) }, 'Last runs could not be written; they are tried again'),
  });
}

/** Sources that are looked at together: runs need the store as well. */
const atOnce = 8;
/** Sources that run more often correct themselves: who reads their notes looks at their receipts where they should have run since. */
const frequentMs = 600_000;

/**
 * Notes runs whose receipts are stored, but which no worker has noted: of a worker that was killed, or of 0.2.0. Never fails.
 */
export async function noteMissedRuns(
  store: BlobStore,
  lastRuns: LastRuns,
  { config, logger }: Pick<WorkerSettings, 'config' | 'logger'>,
): Promise<void> {
  try {
    const notes = await lastRuns.readAll();
    await inParallel(config.lastGood().sources, atOnce, async ({ name, schedule }) => {
      const note = notes.get(name);
      if (note && (schedule?.every ?? Infinity) <= frequentMs) return;
      const [path] = (await listRecentReceipts(store, name, new Date())).slice(-1);
      const endedAt = path === undefined ? undefined : storePaths.receipt.parse(path)?.finishedAt;
      if (path === undefined || endedAt === undefined || (note && endedAt <= note.receipt.finishedAt)) return;
      const receipt = await readReceipt(store, path);
      if (receipt) lastRuns.note({ receipt, state: (await readState(store, name)).state });
    });
  } catch (error) {
    logger.debug({ error: messageOf(error) }, 'Receipts could not be compared with the last runs');
  }
}
