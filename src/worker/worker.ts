import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Client } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { createActivities } from '../activities/index.ts';
import type { ConfigFile } from '../config/file/config-file.ts';
import type { PostgresSettings } from '../config/environment/environment.ts';
import type { LookUp } from '../config/secrets/references.ts';
import type { TemporalSettings } from '../config/environment/temporal-settings.ts';
import { createLiveHostLimits } from '../config/plan/live-host-limits.ts';
import { version } from '../config/version.ts';
import { alertFields } from '../domain/monitoring/alert.ts';
import { messageOf } from '../domain/errors.ts';
import type { FailedReceipt, Receipt } from '../domain/run/receipt.ts';
import type { Instance } from '../domain/instance.ts';
import type { Redact } from '../domain/secrets/redact.ts';
import { createPool } from '../sinks/postgres/connection/connection.ts';
import { createCsvWriter } from '../sinks/csv/csv-writer.ts';
import { createCanaryRows } from '../sinks/postgres/writer/canary-rows.ts';
import { createMaintenance } from '../sinks/postgres/days/maintenance.ts';
import { isMigrated, readDatabaseId } from '../sinks/postgres/commands/migrate.ts';
import { createPostgresWriter } from '../sinks/postgres/writer/postgres-writer.ts';
import { OpenReaders } from '../sources/files/open-readers.ts';
import { createThreadCompute } from '../sources/compute/thread-compute.ts';
import { createSchemaTexts } from '../sources/extraction/schema-texts.ts';
import { createHttpTools } from '../sources/http/http-tools.ts';
import type { ProxySettings } from '../sources/http/route.ts';
import { ModuleThreads } from '../sources/modules/module-threads.ts';
import { createFeedItemsStore } from '../store/run/feed-items.ts';
import { createFileProgressStore } from '../store/run/file-progress.ts';
import { createHostBudgets } from '../store/run/host-budgets.ts';
import { journalFoldersIn } from '../store/journal/journal-files.ts';
import { journalPaths } from '../store/paths/paths.ts';
import { readIdentity, storeIdentity } from '../store/identity.ts';
import { createSeenKeys } from '../store/run/seen-keys.ts';
import { settingAside } from '../store/alerts/store-alert.ts';
import { createAlertWebhook } from './alert-webhook.ts';
import { ConfigKeeper } from './config-keeper.ts';
import { logSource } from './log-source.ts';
import type { Logger } from './logger.ts';
import { WorkerCounters } from './metrics/counters.ts';
import { measuredWriter } from './metrics/measured-writer.ts';
import { scrape } from './metrics/scrape.ts';
import { SourceLabels } from './metrics/source-labels.ts';
import { statusPage } from './http/page/status-page.ts';
import { poolPair } from './pairing/pair.ts';
import { PairWatch } from './pairing/pair-watch.ts';
import { assertOwnStore } from './pairing/refuse-foreign.ts';
import { AlertMemory } from './storage/alert-memory.ts';
import { StorageWatch } from './storage/storage-watch.ts';
import { StatusMonitor } from '../status/status-monitor.ts';
import { startDeliveries } from '../temporal/start-delivery.ts';
import { keepSearchAttribute } from '../temporal/search-attribute.ts';
import { QueueGuard, workerIdentity } from '../temporal/queue-guard.ts';
import { withTimeout } from '../formats/timeout.ts';

export interface WorkerSettings {
  readonly temporal: TemporalSettings;
  readonly instance: Instance;
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
  /** That of the embedded stack, where this worker belongs to one: PostgreSQL and Temporal write there. */
  readonly homeFolder?: string | null;
  readonly logger: Logger;
  /** Where Temporal's SDK serves its own metrics; null = nowhere. */
  readonly sdkMetrics: string | null;
  /** Address of Temporal's Web UI; null = unknown. */
  readonly ui: string | null;
  /** Takes secrets out of pages. */
  readonly redact: Redact;
  /** Takes a store and a database together that do not belong together. @default false */
  readonly acceptNewStore?: boolean;
  /** Where alerts are posted; null = nowhere. */
  readonly alertWebhook: string | null;
  readonly onReceipt: (receipt: Receipt | FailedReceipt) => void;
}

/** A worker that polls. */
export interface RunningWorker {
  /** Resolves once the worker has stopped; rejects where it stopped by a failure. */
  readonly stopped: Promise<void>;
  /** Names what is missing before it can do its work. */
  notReadyReasons(): Promise<readonly string[]>;
  /** Its metrics, and those of Temporal's SDK, as Prometheus reads them. */
  metrics(): Promise<string>;
  /** How things stand, as a page. */
  statusPage(): Promise<string>;
  /** The same as `status --json`. */
  statusJson(): Promise<string>;
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
const timeoutMs = 5_000;
const bundle = fileURLToPath(new URL('../../dist/workflow-bundle.js', import.meta.url));

/**
 * Starts a worker. The process must have called `installRuntime` before.
 * @throws where the Temporal server cannot be reached
 */
export async function startWorker(settings: WorkerSettings): Promise<RunningWorker> {
  const { temporal, instance, postgres, logger } = settings;
  const connection = await NativeConnection.connect(temporal.connection);
  const searchAttribute = await keepSearchAttribute(connection, temporal.namespace, (isKnown) => {
    if (isKnown) logger.info('The search attribute is registered');
    else logger.warn('The search attribute is not registered; runs continue without it');
  });
  const pool = createPool(postgres, {
    maxConnections,
    onIdleError: (error) => logger.warn({ error: error.message }, 'An idle connection to PostgreSQL was lost'),
  });
  // Questions about the database must not wait for a place among the writers.
  const questions = createPool(postgres, { maxConnections: 1 });
  const journal = journalFoldersIn(settings.dataFolder, settings.storeFolder);
  const counters = new WorkerCounters(new SourceLabels(settings.config));
  const alerts = new AlertMemory(logger);
  const { storeFolder, homeFolder = null } = settings;
  const home = homeFolder === null ? {} : { home: homeFolder };
  const storage = new StorageWatch({ store: storeFolder, journal: journal.csv, ...home }, alerts);
  const store = settingAside(storage.store('store'), (alert) => logger.warn(alertFields(alert), 'Alert'));
  const http = createHttpTools({
    version,
    proxies: settings.proxies,
    budget: createHostBudgets(store),
    limitOf: createLiveHostLimits(settings.config, settings.lookUp),
    measures: counters,
  });
  const alertWebhook =
    settings.alertWebhook === null ? null : createAlertWebhook(http.client, settings.alertWebhook, instance);
  alerts.tellTo(alertWebhook);
  const readers = new OpenReaders();
  const modules = new ModuleThreads();
  const compute = createThreadCompute();
  compute.warmUp();
  const client = new Client({ connection, namespace: temporal.namespace });
  const close = () => {
    searchAttribute.stop();
    pair.stop();
    return Promise.allSettled([
      http.client.close(),
      readers.closeAll(),
      compute.close(),
      modules.close(),
      pool.end(),
      questions.end(),
      connection.close(),
    ]);
  };
  // It may be started again in this process.
  const closeAndThrow = async (error: unknown): Promise<never> => {
    await close();
    throw error;
  };
  const pair = new PairWatch({
    pair: poolPair(store, storeFolder, pool, postgres),
    accept: settings.acceptNewStore === true,
    logger,
    onForeign: (problem) => storage.foreign(problem),
  });
  // A start that takes a database over must be refused before it does, where workers of another store are at work.
  if (settings.acceptNewStore === true) {
    const own = (await readIdentity(store).catch(() => null))?.id ?? randomUUID();
    await new QueueGuard(client, instance, own).check().catch(closeAndThrow);
  }
  await pair.start().catch(closeAndThrow);
  // Where the store cannot be written, nothing can be stored: that is told, and waited for.
  const storeId = await storeIdentity(store).then(
    ({ id }) => id,
    () => null,
  );
  const identity = workerIdentity(storeId);
  const guard = new QueueGuard(client, instance, storeId);
  await guard.check().catch(closeAndThrow);
  const worker = await Worker.create({
    connection,
    namespace: temporal.namespace,
    taskQueue: instance.taskQueue,
    identity,
    workflowBundle: { codePath: bundle },
    interceptors: { activity: [logSource, assertOwnStore(() => pair.foreign)] },
    activities: createActivities({
      config: settings.config,
      identity,
      lookUp: settings.lookUp,
      store,
      pollKeys: createSeenKeys(store),
      csv: measuredWriter(createCsvWriter(storage.store('journal'), journalPaths), counters),
      journal,
      postgres: measuredWriter(
        createPostgresWriter({
          pool,
          schema: postgres.schema,
          prepare: settings.prepare,
        }),
        counters,
      ),
      canaryRows: createCanaryRows(pool, postgres.schema),
      maintenance: createMaintenance(settings.owner),
      owner: settings.owner,
      fileProgress: createFileProgressStore(store),
      feedItems: createFeedItemsStore(store),
      http,
      readers,
      modules,
      compute,
      schemas: createSchemaTexts((hash) => settings.config.lastGood().kept?.schemaTexts.get(hash)),
      databaseId: () => withTimeout(databaseIdMs, readDatabaseId(questions, postgres.schema)).catch(() => null),
      searchAttribute: searchAttribute.isKnown,
      countPair: () => pair.count(),
      settleRestored: (side) => pair.settle(side),
      alertWebhook,
      keepAlert: (alert) => alerts.open(alert),
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
  }).catch(closeAndThrow);
  await storage.start();
  const keeper = new ConfigKeeper(settings.config, store, instance.name, logger);
  // Whoever wrote the markers may have died before anybody was told.
  await startDeliveries(client, instance, store).catch((error: unknown) =>
    logger.warn({ error: messageOf(error) }, 'Deliveries could not be started'),
  );
  const watch = new StatusMonitor({
    config: settings.config,
    store,
    storage,
    alerts,
    postgres,
    client,
    instance,
    address: temporal.address,
    ui: settings.ui,
    hasSearchAttribute: searchAttribute.isKnown,
    onError: (part, error) =>
      logger.debug(
        {
          part,
          error: messageOf(error),
        },
        'Part of the status cannot be read',
      ),
  });
  const runAndClose = async () => {
    const stopLooking = guard.checkLater(() => worker.getState() === 'RUNNING' && worker.shutdown());
    try {
      await worker.run();
      guard.throwIfTaken();
    } finally {
      stopLooking();
      storage.stop();
      await keeper.close();
      await close();
    }
  };
  const stopped = runAndClose();
  // A failure is reported to whoever awaits it; nobody may be doing so yet.
  stopped.catch(() => undefined);
  return {
    stopped,
    async notReadyReasons() {
      const [migrated, reached] = await Promise.all([
        withTimeout(askMs, isMigrated(questions, postgres.schema)).catch(() => null),
        reaches(client),
        withTimeout(askMs, storage.probe()).catch(() => undefined),
      ]);
      return [
        ...(migrated === null ? ['PostgreSQL cannot be reached'] : []),
        ...(migrated === false ? ['PostgreSQL is not migrated: run ./daybook migrate'] : []),
        ...(reached ? [] : [`Temporal at ${temporal.address} cannot be reached`]),
        ...(worker.getState() === 'RUNNING' ? [] : ['the worker does not poll']),
        ...storage.problems(),
      ];
    },
    metrics: () => scrape({ counters, watch, instance, config: settings.config, sdkMetrics: settings.sdkMetrics }),
    async statusPage() {
      const observed = await watch.observe(timeoutMs);
      return statusPage({ ...observed, namespace: temporal.namespace, now: new Date() }, settings.redact);
    },
    async statusJson() {
      const { status } = await watch.observe(timeoutMs);
      return `${settings.redact(JSON.stringify(status))}\n`;
    },
    async stop() {
      if (worker.getState() === 'RUNNING') worker.shutdown();
      await stopped;
    },
  };
}

async function reaches(client: Client): Promise<boolean> {
  // The native client goes on trying long after a deadline.
  return withTimeout(askMs, client.workflowService.getSystemInfo({})).then(
    () => true,
    () => false,
  );
}
