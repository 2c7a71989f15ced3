import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Client } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { createActivities } from '../activities/index.ts';
import type { ConfigFile } from '../config/config-file.ts';
import type { PostgresSettings } from '../config/environment.ts';
import type { LookUp } from '../config/references.ts';
import type { TemporalSettings } from '../config/temporal-settings.ts';
import { hostLimits } from '../config/host-limits.ts';
import type { Config } from '../config/parse-config.ts';
import { version } from '../config/version.ts';
import { messageOf } from '../domain/errors.ts';
import type { FailedReceipt, Receipt } from '../domain/receipt.ts';
import type { HostLimit } from '../domain/host-budget.ts';
import { taskQueue } from '../domain/names.ts';
import type { Redact } from '../domain/redact.ts';
import { createPool } from '../sinks/postgres/connection.ts';
import { createCsvWriter } from '../sinks/csv/csv-writer.ts';
import { createCanaryRows } from '../sinks/postgres/canary-rows.ts';
import { createMaintenance } from '../sinks/postgres/maintenance.ts';
import { isMigrated, readDatabaseId } from '../sinks/postgres/migrate.ts';
import { createPostgresWriter } from '../sinks/postgres/postgres-writer.ts';
import { OpenReaders } from '../sources/files/open-readers.ts';
import { createSchemaChecks } from '../sources/extraction/schema-checks.ts';
import { createHttpTools } from '../sources/http-tools.ts';
import type { ProxySettings } from '../sources/http/http-client.ts';
import { ModuleLoader } from '../sources/modules/module-loader.ts';
import { createDirectoryStore } from '../store/directory-store.ts';
import { createFileProgressStore } from '../store/file-progress.ts';
import { createHostBudgets } from '../store/host-budgets.ts';
import { journalFoldersIn } from '../store/journal/journal-files.ts';
import { createPollKeys } from '../store/poll-keys.ts';
import { createAlertWebhook } from './alert-webhook.ts';
import { logSource } from './log-source.ts';
import type { Logger } from './logger.ts';
import { WorkerCounters } from './metrics/counters.ts';
import { measuredWriter } from './metrics/measured-writer.ts';
import { scrape } from './metrics/scrape.ts';
import { SourceLabels } from './metrics/source-labels.ts';
import { statusPage } from './page/status-page.ts';
import { Watch } from './status/watch.ts';
import { wakeDeliverers } from '../activities/wake-deliverer.ts';
import { registerSearchAttribute } from './search-attribute.ts';
import { within } from '../domain/within.ts';

export interface WorkerSettings {
  readonly temporal: TemporalSettings;
  /** @default names.taskQueue */
  readonly taskQueue?: string;
  readonly postgres: PostgresSettings;
  /** The owner of the tables, for maintenance. */
  readonly owner: PostgresSettings;
  readonly prepare: boolean;
  /** Proxies that the environment names. */
  readonly proxies: ProxySettings;
  readonly config: ConfigFile;
  readonly lookUp: LookUp;
  readonly dataFolder: string;
  readonly storeFolder: string;
  readonly logger: Logger;
  /** Where Temporal's SDK serves its own metrics; null = nowhere. */
  readonly sdkMetrics: string | null;
  /** Address of Temporal's Web UI; null = unknown. */
  readonly ui: string | null;
  /** Takes secrets out of pages. */
  readonly redact: Redact;
  /** Where alerts are posted; null = nowhere. */
  readonly alertWebhook: string | null;
  readonly onReceipt: (receipt: Receipt | FailedReceipt) => void;
}

/** A worker that polls. */
export interface RunningWorker {
  /** Resolves once the worker has stopped; rejects where it stopped by a failure. */
  readonly stopped: Promise<void>;
  /** Names what is missing before it can do its work. */
  missing(): Promise<readonly string[]>;
  /** Its metrics, and those of Temporal's SDK, as Prometheus reads them. */
  metrics(): Promise<string>;
  /** How things stand, as a page. */
  statusPage(): Promise<string>;
  /** Tells of an error that nobody awaits; false where it is not a module's. */
  reportFault(error: unknown): boolean;
  /** Finishes what it can within the grace time, hands the rest back to the server. */
  stop(): Promise<void>;
}

/** Connections to PostgreSQL that a worker may hold. */
const maxConnections = 10;
/** How long the database is waited for when it is only asked for its id. */
const databaseIdMs = 1_000;
/** How long a server may take to say that it is there. */
const askMs = 2_000;
/** How long the status page waits for what it does not know yet. */
const patienceMs = 5_000;
const bundle = fileURLToPath(new URL('../../dist/workflow-bundle.js', import.meta.url));

/**
 * Starts a worker. The process must have called `installRuntime` before.
 * @throws where the Temporal server cannot be reached
 */
export async function startWorker(settings: WorkerSettings): Promise<RunningWorker> {
  const { temporal, postgres, logger } = settings;
  const connection = await NativeConnection.connect(temporal.connection);
  const searchAttribute = await registerSearchAttribute(connection, temporal.namespace);
  if (!searchAttribute) logger.warn('The server does not know the search attribute, runs go without it');
  const pool = createPool(postgres, {
    maxConnections,
    onIdleError: (error) => logger.warn({ error: error.message }, 'An idle connection to PostgreSQL broke'),
  });
  // Questions about the database must not wait for a place among the writers.
  const questions = createPool(postgres, { maxConnections: 1 });
  const store = createDirectoryStore(settings.storeFolder);
  const journal = journalFoldersIn(settings.dataFolder, settings.storeFolder);
  const counters = new WorkerCounters(new SourceLabels(settings.config));
  const http = createHttpTools({
    ...{ version, proxies: settings.proxies, budget: createHostBudgets(store) },
    limitOf: limitsOf(settings),
    measures: counters,
  });
  const readers = new OpenReaders();
  const modules = new ModuleLoader();
  const queue = settings.taskQueue ?? taskQueue;
  const identity = `${process.pid}@${hostname()}/${randomUUID().slice(0, 8)}`;
  const worker = await Worker.create({
    connection,
    namespace: temporal.namespace,
    taskQueue: queue,
    identity,
    workflowBundle: { codePath: bundle },
    interceptors: { activity: [logSource] },
    activities: createActivities({
      ...{ config: settings.config, identity },
      lookUp: settings.lookUp,
      store,
      pollKeys: createPollKeys(store),
      csv: measuredWriter(createCsvWriter(createDirectoryStore(journal.csv)), counters),
      journal,
      postgres: measuredWriter(
        createPostgresWriter({ pool, schema: postgres.schema, prepare: settings.prepare }),
        counters,
      ),
      canaryRows: createCanaryRows(pool, postgres.schema),
      maintenance: createMaintenance(settings.owner),
      owner: settings.owner,
      fileProgress: createFileProgressStore(store),
      ...{ http, readers, modules, schemas: createSchemaChecks() },
      databaseId: () => within(databaseIdMs, readDatabaseId(questions, postgres.schema)).catch(() => null),
      searchAttribute,
      alertWebhook: settings.alertWebhook === null ? null : createAlertWebhook(http.client, settings.alertWebhook),
      measures: counters,
      onReceipt: (receipt) => {
        counters.ran(receipt);
        settings.onReceipt(receipt);
      },
    }),
    // A killed worker's run is taken over after 2 s instead of 10 (measured: 5.4 s in all instead of 13.5).
    stickyQueueScheduleToStartTimeout: '2s',
    shutdownGraceTime: '5s',
    shutdownForceTime: '10s',
  });
  // Whoever wrote the markers may have died before anybody was told.
  const client = new Client({ connection, namespace: temporal.namespace });
  await wakeDeliverers(client, queue, store).catch((error: unknown) =>
    logger.warn({ error: messageOf(error) }, 'Deliverers could not be woken'),
  );
  const watch = new Watch({
    ...{ config: settings.config, store, postgres, client, address: temporal.address, ui: settings.ui },
    onError: (part, error) => logger.debug({ part, error: messageOf(error) }, 'A part of the status cannot be read'),
  });
  const runAndClose = async () => {
    try {
      await worker.run();
    } finally {
      await Promise.allSettled([
        http.client.close(),
        readers.closeAll(),
        pool.end(),
        questions.end(),
        connection.close(),
      ]);
    }
  };
  const stopped = runAndClose();
  // A failure is reported to whoever awaits it; nobody may be doing so yet.
  stopped.catch(() => undefined);
  return {
    stopped,
    async missing() {
      const [migrated, reached] = await Promise.all([
        within(askMs, isMigrated(questions, postgres.schema)).catch(() => null),
        reaches(client),
      ]);
      return [
        ...(migrated === null ? ['PostgreSQL cannot be reached'] : []),
        ...(migrated === false ? ['PostgreSQL is not migrated: run ./daybook migrate'] : []),
        ...(reached ? [] : [`Temporal at ${temporal.address} cannot be reached`]),
        ...(worker.getState() === 'RUNNING' ? [] : ['the worker does not poll']),
      ];
    },
    metrics: () => scrape({ counters, watch, config: settings.config, sdkMetrics: settings.sdkMetrics }),
    async statusPage() {
      const observed = await watch.observe(patienceMs);
      return statusPage({ ...observed, namespace: temporal.namespace, now: new Date() }, settings.redact);
    },
    reportFault: (error) => modules.faults.report(error),
    async stop() {
      if (worker.getState() === 'RUNNING') worker.shutdown();
      await stopped;
    },
  };
}

async function reaches(client: Client): Promise<boolean> {
  // The native client goes on trying long after a deadline.
  return within(askMs, client.workflowService.getSystemInfo({})).then(
    () => true,
    () => false,
  );
}

/** The limits of the configuration as it stands, worked out once each time it changes. */
function limitsOf({ config, lookUp }: WorkerSettings): (host: string) => HostLimit | null {
  let seen: Config | null = null;
  let limits: ReadonlyMap<string, HostLimit> = new Map();
  return (host) => {
    const current = config.lastGood();
    if (current !== seen) [seen, limits] = [current, hostLimits(current, lookUp)];
    return limits.get(host) ?? null;
  };
}
