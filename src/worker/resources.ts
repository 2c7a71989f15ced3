import { dirname, resolve } from 'node:path';
import type { PostgresSettings } from '../config/environment/postgres-settings.ts';
import { requiredTokenKey } from '../config/environment/token-key.ts';
import { createLiveHostLimits } from '../config/plan/live-host-limits.ts';
import { version } from '../config/version.ts';
import type { Metrics } from '../domain/run/metrics.ts';
import { createPool } from '../sinks/postgres/connection/connection.ts';
import { createThreadCompute } from '../sources/compute/thread-compute.ts';
import { OpenReaders } from '../sources/files/open-readers.ts';
import { createHttpTools } from '../sources/http/http-tools.ts';
import { ModuleThreads } from '../sources/modules/module-threads.ts';
import type { BlobStore } from '../store/blobs/blob-store.ts';
import { createHostBudgets } from '../store/run/host-budgets.ts';
import { createTokenChains } from '../store/run/token-chains.ts';
import { createObjectFiles } from '../store/s3/object-files.ts';
import type { Logger } from './logger.ts';
import type { WorkerSettings } from './worker-settings.ts';

/** Connections to PostgreSQL that a worker may have. */
const maxConnections = 10;

/** Connections to PostgreSQL, besides those of maintenance. */
export function openPools(postgres: PostgresSettings, logger: Logger) {
  const pool = createPool(postgres, {
    maxConnections,
    onIdleError: (error) => logger.warn({ error: error.message }, 'An idle connection to PostgreSQL was lost'),
  });
  // Queries about the database must not wait for the writers' connections.
  const questions = createPool(postgres, { maxConnections: 1 });
  return { pool, questions, close: () => Promise.allSettled([pool.end(), questions.end()]) };
}

/** What sources are fetched and read with. */
export function openSourceTools(settings: WorkerSettings, store: BlobStore, measures: Metrics) {
  const http = createHttpTools({
    version,
    proxies: settings.proxies,
    budget: createHostBudgets(store),
    limitOf: createLiveHostLimits(settings.config, settings.lookUp),
    measures,
    tokenChains: createTokenChains(store, () => requiredTokenKey(settings.lookUp)),
    resolvePath: (path) => resolve(dirname(settings.config.file), path),
  });
  const readers = new OpenReaders();
  const objects = createObjectFiles(settings.bucket);
  const modules = new ModuleThreads();
  const compute = createThreadCompute();
  compute.warmUp();
  const close = () => Promise.allSettled([http.client.close(), readers.closeAll(), compute.close(), modules.close()]);
  return { http, readers, objects, modules, compute, close };
}
