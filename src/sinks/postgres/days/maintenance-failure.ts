import { DaybookError, messageOf, SinkUnavailable } from '../../../domain/errors.ts';
import { ArchiveUnverified } from './archive-day.ts';
import { isBlocked } from './maintenance-session.ts';
import { postgresFailure } from '../connection/postgres-failure.ts';

/** A blocked step is retried at the retry policy's own interval, up to five minutes: a reader may take long. */
export function maintenanceFailure(error: unknown, what: string, signal: AbortSignal): DaybookError {
  if (signal.aborted && !(error instanceof DaybookError)) throw error;
  if (error instanceof DaybookError) return error;
  if (error instanceof ArchiveUnverified) return new SinkUnavailable(`postgres: ${what}: ${error.message}`);
  if (!isBlocked(error)) {
    // The objects that depend on a table are named in the detail only.
    const { detail } = error as { detail?: string };
    return postgresFailure(error, detail === undefined ? what : `${what} (${detail})`);
  }
  return new SinkUnavailable(
    `postgres: ${what} yet: ${messageOf(error)}; a transaction uses raw_events; ./daybook status shows it`,
    { cause: error },
  );
}
