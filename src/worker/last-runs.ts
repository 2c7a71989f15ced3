import { hostname } from 'node:os';
import { messageOf } from '../domain/errors.ts';
import type { BlobStore } from '../store/blobs/blob-store.ts';
import { LastRuns } from '../store/run/last-runs.ts';
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
