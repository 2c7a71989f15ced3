import { shownPath } from '../../../config/file/remote-files.ts';
import { watchRemoteConfig } from '../../remote/remote-config.ts';
import { environmentSecrets } from '../../../config/secrets/environment-secrets.ts';
import { createLiveRedactor } from '../../../config/secrets/live-redactor.ts';
import { messageOf, CannotStart, UsageError } from '../../../domain/errors.ts';
import { bracketed } from '../../../domain/text/bracketed.ts';
import { installUnhandledErrorHandlers } from '../../../worker/unhandled-errors.ts';
import { tuneHeap } from '../../../worker/heap.ts';
import { NotReady, serveHttp, type HttpEndpoint, type Pages } from '../../../worker/http/endpoint.ts';
import { createLogger, type Logger } from '../../../worker/logger.ts';
import type { ParentMessage, WorkerMessage } from '../../../worker/ipc-messages.ts';
import { installMeasuredRuntime, installRuntime } from '../../../worker/runtime.ts';
import { startWorker, type RunningWorker } from '../../../worker/worker.ts';
import { awaitTemporal } from '../../stack/await-temporal.ts';
import {
  createContext,
  externalPostgres,
  externalTemporal,
  requireOwner,
  requirePostgres,
  requireTemporal,
  webUiOf,
  type Context,
} from '../../options/context.ts';
import { brokenNote, openServiceConfig, type ServiceOptions } from '../../options/last-good-config.ts';
import { acceptsNewStore } from '../../options/store-pair.ts';

/**
 * `daybook worker`: polls until it is stopped, and waits for Temporal if it is not available yet. If `up` started it, it also
 * reports to `up`.
 */
export async function workerCommand(options: ServiceOptions): Promise<void> {
  tuneHeap();
  const context = createContext(options);
  const config = await openServiceConfig(context, options);
  const { lookUp, alertWebhook, logLevel } = context.environment;
  const postgres = requirePostgres(context);
  const temporal = requireTemporal(context);
  const secrets = [postgres.password, ...environmentSecrets(context.environment, temporal)];
  const redact = createLiveRedactor(config, lookUp, secrets);
  const logger = createLogger({ level: logLevel, redact, instance: context.instance });
  const note = () => brokenNote(config.current(), config.file);
  const atStart = note();
  if (atStart !== null) {
    logger.warn({ file: shownPath(config.file), error: atStart }, 'Using the last good configuration');
    config.onGood(() => logger.info({ file: shownPath(config.file) }, 'Configuration file is valid again'));
  }
  for (const { name, problem } of config.lastGood().unset) {
    logger.warn({ variable: name, error: problem.message }, 'A variable is not set; sources that need it fail');
  }
  const stopWatching = watchRemoteConfig(config.file, logger);
  const sdkMetrics = context.environment.http ? await installMeasuredRuntime(logger) : null;
  if (!context.environment.http) installRuntime(logger);
  let worker: RunningWorker | null = null;
  let waitsFor: string | null = null;
  let schedulesApplied = process.send === undefined;
  process.on('message', (message: ParentMessage) => (schedulesApplied ||= message.type === 'schedules-applied'));
  const stop = stopSignal(logger);
  const endpoint = await listen(
    context,
    {
      readiness: async () => [
        ...(worker
          ? await worker.notReadyReasons()
          : [waitsFor ?? `the worker connects to Temporal at ${temporal.address}`]),
        ...(schedulesApplied ? [] : ['schedules are not applied yet']),
      ],
      notes: () => [note() ?? []].flat().map(redact),
      metrics: async () => (worker ?? notYet(waitsFor)).metrics(),
      status: async () => (worker ?? notYet(waitsFor)).statusPage(),
      statusJson: async () => (worker ?? notYet(waitsFor)).statusJson(),
      onError: (error) => logger.error({ error: messageOf(error) }, 'A page could not be rendered'),
    },
    logger,
  );
  try {
    const start = () =>
      startWorker({
        instance: context.instance,
        deployment: context.environment.deployment,
        temporal,
        postgres,
        config,
        lookUp,
        logger,
        redact,
        sdkMetrics,
        ui: webUiOf(context),
        owner: requireOwner(context),
        prepare: context.environment.prepare,
        proxies: context.environment.proxies,
        alertWebhook,
        acceptNewStore: acceptsNewStore(context, options),
        dataFolder: context.environment.dataFolder,
        store: context.environment.store,
        bucket: context.environment.bucket,
        labels: context.environment.labels,
        memoryTarget: memoryTarget(context, logger),
        // Only `up` sends messages to its worker.
        homeFolder: process.send === undefined ? null : context.environment.homeFolder,
        onReceipt: (receipt) =>
          sendMessage({
            type: 'receipt',
            receipt,
          }),
      });
    worker = await awaitTemporal(temporal, start, {
      signal: stop,
      onWait(reason, waitedMs) {
        waitsFor = redact(reason);
        logger.warn({ error: reason, waitedMs }, 'Worker waiting for Temporal');
      },
    });
    if (worker === null) return;
    const started = worker;
    installUnhandledErrorHandlers(started, logger);
    logger.info({ address: temporal.address, namespace: temporal.namespace }, 'Worker started');
    sendMessage({ type: 'polling', http: endpoint && `http://${hostPort(context, endpoint)}` });
    const end = () => void started.stop().catch(() => undefined);
    if (stop.aborted) end();
    else stop.addEventListener('abort', end, { once: true });
    await started.stopped;
  } finally {
    stopWatching();
    await endpoint?.close();
    // The channel to `up` would keep this process alive.
    if (process.connected) process.disconnect();
  }
}

/** That of the environment. Servers of `up` are on the same machine: what they use would count as the worker's. */
function memoryTarget(context: Context, logger: Logger): number | null {
  const { memoryTarget: target } = context.environment;
  if (target === null) return null;
  if (process.send === undefined && externalPostgres(context) && externalTemporal(context)) return target;
  logger.warn('DAYBOOK_MEMORY_TARGET is ignored: it is for a worker with servers of its own, which up did not start');
  return null;
}

/** Pages that only a worker can render. */
function notYet(waitsFor: string | null): never {
  throw new NotReady(`the worker has not started yet${waitsFor === null ? '' : `: ${waitsFor}`}`);
}

async function listen({ environment }: Context, pages: Pages, logger: Logger): Promise<HttpEndpoint | null> {
  if (!environment.http) return null;
  const { host, port: preferred, isDefault } = environment.http;
  for (let port = preferred; ; port++) {
    try {
      const endpoint = await serveHttp({ host, port, names: environment.httpHosts }, pages);
      if (port !== preferred)
        logger.info({ address: `${host}:${port}` }, `The status page is at http://${host}:${port}/`);
      return endpoint;
    } catch (error) {
      const isTaken = (error as { code?: string }).code === 'EADDRINUSE';
      if (isTaken && isDefault && port < preferred + neighbours) continue;
      logger.debug({ error: messageOf(error) }, 'HTTP endpoint cannot listen');
      const message = `worker: the HTTP endpoint cannot listen on ${host}:${port}: ${messageOf(error)}; set DAYBOOK_HTTP to a free address, or to off`;
      // A configured port that is taken is an error; the default port may be taken by chance.
      throw isDefault ? new CannotStart(message) : new UsageError(message);
    }
  }
}

/** How many ports after the default one are tried. */
const neighbours = 20;

/** Aborted by the first signal that ends a worker, or with the process that started it. */
function stopSignal(logger: Logger): AbortSignal {
  const controller = new AbortController();
  const stop = (why: string) => {
    if (controller.signal.aborted) return;
    logger.info({ why }, 'Worker stopping');
    controller.abort();
  };
  process.on('SIGINT', () => stop('SIGINT'));
  process.on('SIGTERM', () => stop('SIGTERM'));
  process.on('disconnect', () => stop('the parent process ended'));
  return controller.signal;
}

function sendMessage(message: WorkerMessage): void {
  if (process.connected) process.send?.(message);
}

function hostPort({ environment }: Context, endpoint: HttpEndpoint): string {
  const host = environment.http?.host ?? '127.0.0.1';
  return `${bracketed(host)}:${endpoint.port}`;
}
