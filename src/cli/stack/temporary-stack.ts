import { openConfigFile } from '../../config/file/config-file.ts';
import { environmentSecrets } from '../../config/secrets/environment-secrets.ts';
import { createLiveRedactor } from '../../config/secrets/live-redactor.ts';
import type { TemporalSettings } from '../../config/environment/temporal-settings.ts';
import { embeddedPostgresSettings, embeddedTemporalSettings } from '../../embedded/addresses.ts';
import { startStack, stopStack } from '../../embedded/stack.ts';
import { migrate } from '../../sinks/postgres/commands/migrate.ts';
import { createLogger } from '../../worker/logger.ts';
import { installRuntime } from '../../worker/runtime.ts';
import { installUnhandledErrorHandlers } from '../../worker/unhandled-errors.ts';
import { startWorker } from '../../worker/worker.ts';
import { CannotStart, UsageError } from '../../domain/errors.ts';
import { externalPostgres, type Context } from '../options/context.ts';
import { startDemoServer } from './demo-server.ts';
import { printInfo } from '../output/output.ts';
import { acceptsNewStore, refuseForeignDatabase, type PairOptions } from '../options/store-pair.ts';

/**
 * Starts the parts that the environment does not name and a worker in this process, lets `work` use them, and stops them.
 * @throws UsageError if the environment forbids it
 */
export async function withTemporaryStack<T>(
  context: Context,
  work: (temporal: TemporalSettings) => Promise<T>,
  options: PairOptions = {},
): Promise<T> {
  const { environment, home } = context;
  if (!environment.embedded) {
    throw new UsageError('DAYBOOK_EMBEDDED=off needs TEMPORAL_ADDRESS');
  }
  const external = externalPostgres(context);
  // A mistake in it is reported before anything is started.
  const config = openConfigFile(environment.configFile, environment.lookUp);
  home.lock();
  const interrupted = interruption();
  const announce = (message: string) => printInfo(`daybook: ${message}`);
  try {
    await Promise.race([
      startStack(home, { postgres: external === null, temporal: true }, environment, announce),
      interrupted,
    ]);
    if (context.demo) await startDemoServer(context);
    const postgres = external ?? embeddedPostgresSettings(home);
    if (external) await refuseForeignDatabase(context, options, external);
    await migrate(external ? (environment.owner ?? external) : postgres);
    const temporal = embeddedTemporalSettings(home, environment);
    // The receipts say what happened; only what went wrong on the way is worth a line.
    const level = environment.logLevel === 'info' ? 'warn' : environment.logLevel;
    const secrets = [postgres.password, ...environmentSecrets(environment, null)];
    const redact = createLiveRedactor(config, environment.lookUp, secrets);
    const logger = createLogger({ level, redact, instance: context.instance });
    installRuntime(logger);
    const worker = await startWorker({
      instance: context.instance,
      temporal,
      postgres,
      config,
      lookUp: environment.lookUp,
      prepare: environment.prepare,
      logger,
      redact,
      sdkMetrics: null,
      ui: null,
      owner: external ? (environment.owner ?? external) : postgres,
      proxies: environment.proxies,
      alertWebhook: environment.alertWebhook,
      acceptNewStore: acceptsNewStore(context, options),
      dataFolder: environment.dataFolder,
      store: environment.store,
      bucket: environment.bucket,
      labels: environment.labels,
      onReceipt: () => {},
    });
    installUnhandledErrorHandlers(worker, logger);
    try {
      return await Promise.race([work(temporal), interrupted]);
    } finally {
      await worker.stop();
    }
  } finally {
    await stopStack(home);
    home.unlock();
  }
}

/** Rejects at Ctrl-C: what runs is stopped in order then, and open runs continue at the next start. */
function interruption(): Promise<never> {
  const rejection = new Promise<never>((_, reject) => {
    const interrupt = () => reject(new CannotStart('run: interrupted; open runs continue at the next start'));
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, interrupt);
  });
  rejection.catch(() => undefined);
  return rejection;
}
