import { DataCorrupted, DaybookError, messageOf, SinkMisconfigured, SinkUnavailable } from '../../domain/errors.ts';
import { actionFor, hintFor, isSqlState, type PostgresError } from './sql-state.ts';

/** The failure that an error of PostgreSQL means for a whole piece of work. One that Daybook knows stays as it is. */
export function postgresFailure(error: unknown, what: string): DaybookError {
  if (error instanceof DaybookError) return error;
  const known = toPostgresError(error);
  const code = isSqlState(known.code) ? ` (${known.code})` : '';
  const message = `postgres: ${what}: ${known.message}${code}${hintFor(known)}`;
  switch (actionFor(known)) {
    case 'misconfigured':
      return new SinkMisconfigured(message, { cause: error });
    case 'corrupted':
      return new DataCorrupted(message, { cause: error });
    case 'retry':
    case 'halve':
    case 'ensure_partition':
      return new SinkUnavailable(message, { cause: error, jitter: true });
    default:
      return new SinkUnavailable(message, { cause: error });
  }
}

export function toPostgresError(error: unknown): PostgresError {
  const { code, constraint } = (error ?? {}) as { code?: unknown; constraint?: unknown };
  return {
    code: typeof code === 'string' ? code : undefined,
    constraint: typeof constraint === 'string' ? constraint : undefined,
    message: messageOf(error),
  };
}
