import { DaybookError } from './errors.ts';

/** A command that cannot be run as given. Exit code 2. */
export class UsageError extends DaybookError {
  readonly type = 'UsageError';
  readonly next = 'never';
}

const usageTypes = new Set([
  'UsageError',
  'InvalidConfig',
  'InvalidEnvironment',
  'UnknownSource',
  'QueueInUse',
  'ForeignStore',
]);

/** Whether a failure is about how a command was called, or about the configuration. */
export function isUsageFailure({ type }: DaybookError): boolean {
  return usageTypes.has(type);
}
