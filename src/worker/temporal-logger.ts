import type { Logger as TemporalLogger, LogLevel, LogMetadata } from '@temporalio/worker';
import type { Logger } from './logger.ts';

/** Temporal's logs, and those of workflows and activities, through Daybook's logger. */
export function temporalLogger(logger: Logger): TemporalLogger {
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

/** Fields a reader wants; stack traces of expected failures and the SDK's own plumbing are left out. */
function readable(meta: LogMetadata | undefined): Record<string, unknown> {
  const { sdkComponent: _, taskQueue: __, namespace: ___, error, ...fields } = meta ?? {};
  return error instanceof Error ? { ...fields, error: error.message } : { ...fields };
}
