import { randomUUID } from 'node:crypto';
import { NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import { createActivities } from '../activities/index.ts';
import { Instance } from '../domain/instance.ts';
import { alertFields } from '../domain/monitoring/alert.ts';
import { messageOf, SinkUnavailable } from '../domain/errors.ts';
import { openStores } from '../store/open-stores.ts';
import { journalOf } from '../store/journal/open-journal.ts';
import { readIdentity, storeIdentity } from '../store/identity.ts';
import { openPools, openSourceTools } from './resources.ts';
import { notReadyReasons } from './readiness.ts';
import type { WorkerSettings } from './worker-settings.ts';
import { KnownAlerts } from '../store/alerts/known-alerts.ts';
import { settingAside } from '../store/alerts/store-alert.ts';
import { createAlertWebhook } from './alert-webhook.ts';
import { storageDependencies } from './activity-dependencies.ts';
import { DeploymentWatch } from './deployment-watch.ts';
import { createTuner } from './tuner.ts';
import { serverOptions, workflowsOf } from './server-options.ts';
import { LabelWatch } from './labels/label-watch.ts';
import { createLabelWorkers, WorkerGroup } from './labels/label-workers.ts';
import { ConfigKeeper } from './config-keeper.ts';
import { logSource } from './interceptors/log-source.ts';
import { WorkerCounters } from './metrics/counters.ts';
import { scrape } from './metrics/scrape.ts';
import { SourceLabels } from './metrics/source-labels.ts';
import { statusPage } from './http/page/status-page.ts';
import { poolPair } from './pairing/pair.ts';
import { PairWatch } from './pairing/pair-watch.ts';
import { runActivities } from './interceptors/run-activities.ts';
import { assertOwnStore } from './interceptors/refuse-foreign.ts';
import { AlertMemory } from './storage/alert-memory.ts';
import { StorageWatch } from './storage/storage-watch.ts';
import { StatusMonitor } from '../status/status-monitor.ts';
import { noteMissedRuns, openLastRuns } from './last-runs.ts';
import { clientInterceptors, createClient, withReadableSchedules } from '../temporal/client.ts';
import { startDeliveries } from '../temporal/start-delivery.ts';
import { keepSearchAttribute } from '../temporal/search-attribute.ts';
import { QueueGuard, workerIdentity } from '../temporal/queue-guard.ts';

/** A worker that polls. */
export interface RunningWorker {
  /** Resolves once the worker has stopped; rejects where it stopped by a failure. */
  readonly stopped: Promise<void>;
  /** Names what is missing before it can do its work. */
  notReadyReasons(): Promise<readonly string[]>;
  /** Its metrics, and those of Temporal's SDK, as Prometheus reads them. */
  metrics(): Promise<string>;
  /** The current state, as a page. */
  statusPage(): Promise<string>;
  /** The same as `status --json`. */
  statusJson(): Promise<string>;
  /** Finishes what it can within the grace time, hands the rest back to the server. */
  stop(): Promise<void>;
}

/** How long the status page waits for unknown facts. */
const timeoutMs = 5_000;
/** A source that takes longer is polled by runs of its own. */
const defaultProbeRequestMs = 10_000;
const defaultSinkProbeMs = 30_000;

/**
 * Starts a worker. The process must have called `installRuntime` before.
 * @throws if the Temporal server cannot be reached
 */
export async function startWorker(settings: WorkerSettings): Promise<RunningWorker> {
  const { temporal, instance, postgres, logger } = settings;
  const connection = await NativeConnection.connect(temporal.connection);
  const searchAttribute = await keepSearchAttribute(connection, temporal.namespace, (isKnown) => {
    if (isKnown) logger.info('The search attribute is registered');
    else logger.warn('The search attribute is not registered; runs continue without it');
  });
  const pools = openPools(postgres, logger);
  const stores = openStores(settings);
  const counters = new WorkerCounters(new SourceLabels(settings.config));
  const alerts = new AlertMemory(logger);
  const storage = new StorageWatch(stores, settings.homeFolder ?? null, alerts);
  const journalBlobs = storage.store('journal');
  const journal = journalOf({
    store: { ...stores.store, blobs: storage.store('store') },
    journal: { ...stores.journal, blobs: journalBlobs },
  });
  const knownAlerts = new KnownAlerts();
  const store = settingAside(knownAlerts.noticing(storage.store('store')), (alert) =>
    logger.warn(alertFields(alert), 'Alert'),
  );
  const { close: closeSourceTools, ...sourceTools } = openSourceTools(settings, store, counters);
  const { http } = sourceTools;
  const lastRuns = openLastRuns(store, settings);
  const alertWebhook =
    settings.alertWebhook === null ? null : createAlertWebhook(http.client, settings.alertWebhook, instance);
  alerts.setWebhook(alertWebhook);
  const client = createClient(connection, temporal);
  const close = async () => {
    searchAttribute.stop();
    pair.stop();
    await lastRuns.close();
    return Promise.allSettled([closeSourceTools(), pools.close(), connection.close()]);
  };
  // It may be restarted in this process.
  const closeAndThrow = async (error: unknown): Promise<never> => {
    await close();
    throw error;
  };
  const pair = new PairWatch({
    pair: poolPair(store, stores.store.name, pools.pool, postgres),
    accept: settings.acceptNewStore === true,
    retryMs: settings.pairRetryMs,
    logger,
    onForeign: (problem) => storage.foreign(problem),
  });
  // A bucket that does not keep conditions is refused; a store that is unavailable is waited for.
  await stores.store.prove().catch((error: unknown) => {
    if (!(error instanceof SinkUnavailable)) return closeAndThrow(error);
  });
  // A start that takes a database over must be refused before it does, where workers of another store are at work.
  // One on a copy of their store would count as that store does.
  const found = await readIdentity(store).catch(() => null);
  const early = new QueueGuard(client, instance, found ?? { id: randomUUID(), copy: null });
  await early.check(settings.acceptNewStore === true ? 'all' : 'copies').catch(closeAndThrow);
  await pair.start().catch(closeAndThrow);
  // An unwritable store is reported, and waited for.
  const storeKey = await storeIdentity(store).catch(() => null);
  const identity = workerIdentity(storeKey);
  const guard = new QueueGuard(client, instance, storeKey);
  await guard.check().catch(closeAndThrow);
  const workflowBundle = await workflowsOf(settings).catch(closeAndThrow);
  const activities = createActivities({
    config: settings.config,
    identity,
    lookUp: settings.lookUp,
    journal,
    ...sourceTools,
    ...storageDependencies(settings, pools, { store, journal, journalBlobs, counters }),
    searchAttribute: searchAttribute.isKnown,
    lastRuns,
    knownAlerts,
    countPair: () => pair.count(),
    settleRestored: (side) => pair.settle(side),
    alertWebhook,
    keepAlert: (alert) => alerts.open(alert),
    measures: counters,
    probeRequestMs: settings.probeRequestMs ?? defaultProbeRequestMs,
    sinkProbeMs: settings.sinkProbeMs ?? defaultSinkProbeMs,
    notePoll: (run) => {
      lastRuns.note(run, Instance.isCommandRun(run.receipt.workflowId));
      counters.ran(run.receipt);
    },
    onReceipt: (receipt) => {
      counters.ran(receipt);
      settings.onReceipt(receipt);
    },
  });
  const shared = {
    connection,
    ...serverOptions(settings),
    identity,
    interceptors: {
      client: clientInterceptors(temporal),
      activity: [
        runActivities({ config: settings.config, lookUp: settings.lookUp, http }),
        logSource,
        assertOwnStore(() => pair.foreign),
      ],
    },
    // As many as there is work for, by what the server says with each answer; an old one says nothing, and there are five then.
    workflowTaskPollerBehavior: { type: 'autoscaling' },
    activityTaskPollerBehavior: { type: 'autoscaling' },
    ...(typeof settings.memoryTarget === 'number' ? { tuner: createTuner(settings.memoryTarget) } : {}),
    shutdownGraceTime: '5s',
    shutdownForceTime: '10s',
  } satisfies Partial<WorkerOptions>;
  const main = await Worker.create({
    ...shared,
    taskQueue: instance.taskQueue,
    workflowBundle,
    activities,
    // A killed worker's run is taken over after 2 s instead of 10 (measured: 5.4 s in all instead of 13.5).
    stickyQueueScheduleToStartTimeout: '2s',
  }).catch(closeAndThrow);
  // That of activities.
  if (main.client) withReadableSchedules(main.client);
  const byLabel = await createLabelWorkers(settings.labels ?? [], instance.taskQueue, activities, shared).catch(
    closeAndThrow,
  );
  const worker = new WorkerGroup([main, ...byLabel]);
  await storage.start();
  const keeper = new ConfigKeeper(settings.config, store, instance.name, logger);
  void noteMissedRuns(store, lastRuns, settings);
  // The writer of the markers may have died before it started a deliverer.
  await startDeliveries(client, instance, store).catch((error: unknown) =>
    logger.warn({ error: messageOf(error) }, 'Deliveries could not be started'),
  );
  const watch = new StatusMonitor({
    config: settings.config,
    store,
    lastRuns,
    storage,
    alerts,
    postgres,
    client,
    instance,
    address: temporal.address,
    ui: settings.ui,
    hasSearchAttribute: searchAttribute.isKnown,
    freshMs: settings.statusFreshMs,
    onError: (part, error) =>
      logger.debug(
        {
          part,
          error: messageOf(error),
        },
        'Part of the status cannot be read',
      ),
  });
  const deployment = new DeploymentWatch();
  if (settings.deployment) deployment.start(client, instance, settings.deployment, logger);
  const labels = new LabelWatch({
    config: settings.config,
    store,
    client,
    instance,
    identity,
    webhook: alertWebhook,
    logger,
  });
  labels.start(settings.labelLookMs);
  const runAndClose = async () => {
    const stopLooking = guard.checkLater(() => worker.shutdown());
    try {
      await worker.run();
      guard.throwIfTaken();
    } finally {
      stopLooking();
      storage.stop();
      deployment.stop();
      await labels.stop();
      await keeper.close();
      await close();
    }
  };
  const stopped = runAndClose();
  // A failure is reported to the awaiting code, which may not exist yet.
  stopped.catch(() => undefined);
  return {
    stopped,
    notReadyReasons: () =>
      notReadyReasons({
        questions: pools.questions,
        schema: postgres.schema,
        client,
        address: temporal.address,
        worker,
        storage,
        deployment,
      }),
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
      worker.shutdown();
      await stopped;
    },
  };
}
