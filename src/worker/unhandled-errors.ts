import { messageOf } from '../domain/errors.ts';
import type { Logger } from './logger.ts';
import type { RunningWorker } from './worker.ts';

/** Prevents unawaited promises from ending the process. Those of modules fail in their own threads. */
export function installUnhandledErrorHandlers(worker: RunningWorker, logger: Logger): void {
  process.on('unhandledRejection', (error) => {
    logger.error({ error: messageOf(error) }, 'Unhandled promise rejection');
  });
  process.on('uncaughtException', (error) => {
    void stopBecause(error, worker, logger);
  });
}

async function stopBecause(fault: Error, worker: RunningWorker, logger: Logger): Promise<void> {
  logger.fatal({ error: messageOf(fault), stack: fault.stack }, 'Unexpected error; the worker stops');
  process.exitCode = 1;
  // The code that awaits the worker gets its failures.
  await worker.stop().catch(() => undefined);
}
