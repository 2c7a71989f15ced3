import { DaybookError } from './errors.ts';

/** A process could not begin its work. Exit code 1. */
export class CannotStart extends DaybookError {
  readonly type = 'CannotStart';
  readonly next = 'never';
}
