import { DataCorrupted, DaybookError, messageOf, SinkMisconfigured, SinkUnavailable } from '../../../domain/errors.ts';
import { actionFor, hintFor, isSqlState, type PostgresError } from './sql-state.ts';

/** The failure that an error of PostgreSQL means for a whole piece of work. One that Daybook knows stays as it is. */
export function postgresFailure(error: unknown, what: string): DaybookError {
  if (error instanceof DaybookError) return error;
  const known = toPostgresError(error);
  const code = isSqlState(known.code) ? ` (${known.code})` : '';
  const message = `postgres: ${what}: ${known.message}${code}${hintFor(known)}`;
  switch (actionFor(known)) {
    case 'misconfigured':
    case 'suspect':
      return new SinkMisconfigured(message, { cause: error });
    case 'corrupted':
      return new DataCorrupted(message, { cause: error });
    case 'retry':
    case 'raised':
    case 'halve':
    case 'ensure_partition':
      return new SinkUnavailable(message, { cause: error, jitter: true });
    default:
      return new SinkUnavailable(message, { cause: error });
  }
}

export function toPostgresError(error: unknown): PostgresError {
  const fields = (error ?? {}) as Partial<Record<keyof PostgresError, unknown>>;
  const text = (name: keyof PostgresError) => {
    const value = fields[name];
    return typeof value === 'string' ? value : undefined;
  };
  return {
    code: text('code'),
    constraint: text('constraint'),
    schema: text('schema'),
    table: text('table'),
    routine: text('routine'),
    where: text('where'),
    message: messageOf(error),
  };
}
