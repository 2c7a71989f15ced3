import { createServer, type AddressInfo } from 'node:net';
import { ApplicationFailure } from '@temporalio/common';
import { Runtime, type Logger as TemporalLogger, type LogLevel, type LogMetadata } from '@temporalio/worker';
import { messageOf } from '../domain/errors.ts';
import type { Logger } from './logger.ts';

/**
 * Installs Temporal's runtime in this process: its logs go through ours, and signals are handled by us. Call it once.
 * @param port where its metrics are served on loopback; null = nowhere
 * @throws if the port is taken; after that it may be called again
 */
export function installRuntime(logger: Logger, port: number | null = null): void {
  Runtime.install({
    logger: temporalLogger(logger),
    shutdownSignals: [],
    telemetryOptions: {
      logging: { filter: { core: 'WARN', other: 'WARN' }, forward: {} },
      ...(port === null ? {} : { metrics: { prometheus: { bindAddress: `127.0.0.1:${port}`, ...names } } }),
    },
  });
}

/** As Prometheus wants metrics to be named. */
const names = { countersTotalSuffix: true, unitSuffix: true, useSecondsForDurations: true } as const;

/** Free ports that are tried: another program may take one before it is bound. */
const portTries = 5;

/**
 * The same, with its metrics on a free port; without them where there is none.
 * @returns where they are served
 */
export async function installMeasuredRuntime(logger: Logger): Promise<string | null> {
  for (let tries = 1; tries <= portTries; tries++) {
    const port = await freePort();
    try {
      installRuntime(logger, port);
      return `http://127.0.0.1:${port}/metrics`;
    } catch (error) {
      logger.debug({ port, error: messageOf(error) }, 'Temporal cannot serve its metrics there');
    }
  }
  logger.warn('Temporal could not serve its metrics on any port; /metrics lacks them');
  installRuntime(logger);
  return null;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Temporal's logs, and those of workflows and activities, through Daybook's logger. */
export function temporalLogger(logger: Logger): TemporalLogger {
  const log = (level: LogLevel, message: string, meta?: LogMetadata) => {
    logger[levels[level]](readable(meta), message);
  };
  return {
    log,
    trace: (message, meta) => log('TRACE', message, meta),
    debug: (message, meta) => log('DEBUG', message, meta),
    info: (message, meta) => log('INFO', message, meta),
    warn: (message, meta) => log('WARN', message, meta),
    error: (message, meta) => log('ERROR', message, meta),
  };
}

const levels = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;

const plumbing = ['sdkComponent', 'taskQueue', 'namespace', 'taskToken', 'isLocal', 'activityId', 'spanContexts'];

/** Under this symbol the SDK says when a line was logged, in nanoseconds. */
const happenedAt = Symbol.for('log_timestamp');

type Meta = LogMetadata & { readonly [happenedAt]?: unknown };

/** Fields a reader wants; stack traces of expected failures and the SDK's own plumbing are left out. */
function readable(meta: LogMetadata | undefined): Record<string, unknown> {
  const { error, workflowRunId, [happenedAt]: nanoseconds, ...fields } = (meta ?? {}) as Meta;
  for (const name of plumbing) delete fields[name];
  return {
    ...fields,
    // Lines are held back for a moment, to be put in order.
    ...(typeof nanoseconds === 'bigint' ? { time: new Date(Number(nanoseconds / 1_000_000n)).toISOString() } : {}),
    // Activities call it otherwise than workflows.
    ...(workflowRunId === undefined ? {} : { runId: workflowRunId }),
    ...(error instanceof Error ? describe(error) : error === undefined ? {} : { error }),
  };
}

function describe(error: Error): { readonly error: string; readonly errorType?: string } {
  const type = error instanceof ApplicationFailure ? error.type : undefined;
  return { error: messageOf(error), ...(typeof type === 'string' ? { errorType: type } : {}) };
}
