import { openConfigFile } from '../config/config-file.ts';
import { environmentSecrets } from '../config/environment-secrets.ts';
import { createLiveRedactor } from '../config/live-redactor.ts';
import { DaybookError, messageOf } from '../domain/errors.ts';
import { embeddedUi } from '../embedded/addresses.ts';
import { installFaultHandlers } from '../worker/faults.ts';
import { serveHttp, type HttpEndpoint } from '../worker/http-endpoint.ts';
import { createLogger, type Logger } from '../worker/logger.ts';
import type { ParentMessage, WorkerMessage } from '../worker/parent-messages.ts';
import { installMeasuredRuntime, installRuntime } from '../worker/runtime.ts';
import { startWorker, type RunningWorker } from '../worker/worker.ts';
import { CannotStart } from './cannot-start.ts';
import {
  createContext,
  externalTemporal,
  requireOwner,
  requirePostgres,
  requireTemporal,
  type CommonOptions,
  type Context,
} from './context.ts';
import { explainUnreachable } from './temporal-failure.ts';

/** `daybook worker`: polls until it is told to stop. Started by `up`, it also reports to it. */
export async function workerCommand(options: CommonOptions): Promise<void> {
  const context = createContext(options);
  const config = openConfigFile(context.environment.configFile, context.environment.lookUp);
  const { lookUp, alertWebhook, logLevel } = context.environment;
  const postgres = requirePostgres(context);
  const temporal = requireTemporal(context);
  const secrets = [postgres.password, ...environmentSecrets(context.environment, temporal)];
  const redact = createLiveRedactor(config, lookUp, secrets);
  const logger = createLogger({ level: logLevel, redact });
  const sdkMetrics = context.environment.http ? await installMeasuredRuntime(logger) : null;
  if (!context.environment.http) installRuntime(logger);
  const worker = await startWorker({
    ...{ temporal, postgres, config, lookUp, logger, redact, sdkMetrics },
    ui: externalTemporal(context) ? null : embeddedUi(context.home),
    owner: requireOwner(context),
    prepare: context.environment.prepare,
    proxies: context.environment.proxies,
    alertWebhook,
    dataFolder: context.environment.dataFolder,
    storeFolder: context.environment.storeFolder,
    onReceipt: (receipt) => tell({ type: 'receipt', receipt }),
  }).catch(async (error: unknown) => {
    if (error instanceof DaybookError) throw error;
    throw new CannotStart(await explainUnreachable(temporal, error));
  });
  installFaultHandlers(worker, logger);
  let schedulesApplied = process.send === undefined;
  process.on('message', (message: ParentMessage) => (schedulesApplied ||= message.type === 'schedules-applied'));
  const endpoint = await listen(context, worker, () => schedulesApplied, logger);
  logger.info({ address: temporal.address, namespace: temporal.namespace }, 'Worker polls');
  tell({ type: 'polling', http: endpoint && `http://${hostPort(context, endpoint)}` });
  stopOnSignal(worker, logger);
  try {
    await worker.stopped;
  } finally {
    await endpoint?.close();
    // The channel to `up` would keep this process alive.
    if (process.connected) process.disconnect();
  }
}

async function listen(
  { environment }: Context,
  worker: RunningWorker,
  schedulesApplied: () => boolean,
  logger: Logger,
): Promise<HttpEndpoint | null> {
  if (!environment.http) return null;
  const { host, port } = environment.http;
  try {
    return await serveHttp(environment.http, {
      readiness: async () => [
        ...(await worker.missing()),
        ...(schedulesApplied() ? [] : ['schedules are not applied yet']),
      ],
      metrics: () => worker.metrics(),
      status: () => worker.statusPage(),
      onError: (error) => logger.error({ error: messageOf(error) }, 'A page could not be made'),
    });
  } catch (error) {
    await worker.stop();
    logger.debug({ error: messageOf(error) }, 'HTTP endpoint cannot listen');
    throw new CannotStart(
      `worker: the HTTP endpoint cannot listen on ${host}:${port}: ${messageOf(error)}; set DAYBOOK_HTTP to a free address, or to off`,
    );
  }
}

function stopOnSignal(worker: RunningWorker, logger: Logger): void {
  let stopping = false;
  const stop = (why: string) => {
    if (stopping) return;
    stopping = true;
    logger.info({ why }, 'Worker stops');
    void worker.stop().catch(() => undefined);
  };
  process.on('SIGINT', () => stop('SIGINT'));
  process.on('SIGTERM', () => stop('SIGTERM'));
  process.on('disconnect', () => stop('the process that started it ended'));
}

function tell(message: WorkerMessage): void {
  if (process.connected) process.send?.(message);
}

function hostPort({ environment }: Context, endpoint: HttpEndpoint): string {
  const host = environment.http?.host ?? '127.0.0.1';
  return `${host.includes(':') ? `[${host}]` : host}:${endpoint.port}`;
}
