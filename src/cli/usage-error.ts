import { DaybookError } from '../domain/errors.ts';

/** A command that cannot be carried out as it was given. Exit code 2. */
export class UsageError extends DaybookError {
  readonly type = 'UsageError';
  readonly next = 'never';
}
