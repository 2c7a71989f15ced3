import { Runtime, type Logger as TemporalLogger, type LogLevel, type LogMetadata } from '@temporalio/worker';
import type { Logger } from './logger.ts';

/** Sets Temporal's runtime up for this process: its logs go through ours, and signals are left to us. Call it once. */
export function installRuntime(logger: Logger): void {
  Runtime.install({
    logger: temporalLogger(logger),
    shutdownSignals: [],
    telemetryOptions: { logging: { filter: { core: 'WARN', other: 'WARN' }, forward: {} } },
  });
}

/** Temporal's logs, and those of workflows and activities, through Daybook's logger. */
function temporalLogger(logger: Logger): TemporalLogger {
  const log = (level: LogLevel, message: string, meta?: LogMetadata) => {
    logger[names[level]](readable(meta), message);
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

const names = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;

const plumbing = ['sdkComponent', 'taskQueue', 'namespace', 'taskToken', 'isLocal'];

/** Fields a reader wants; stack traces of expected failures and the SDK's own plumbing are left out. */
function readable(meta: LogMetadata | undefined): Record<string, unknown> {
  const { error, ...fields } = meta ?? {};
  for (const name of plumbing) delete fields[name];
  return error instanceof Error ? { ...fields, error: error.message } : { ...fields };
}
