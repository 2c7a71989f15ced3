import { DaybookError, HostBusy, SourceRefused, SourceUnavailable, UnreadableBody } from '../../domain/errors.ts';

/**
 * What the failure of a parent's chain means.
 * - `parent`: only this parent has it, and no retry helps
 * - `retried`: it may pass, and concerns this parent: the host has answered
 * - `unavailable`: it may pass, and the host may be down for all parents
 * - `busy`: nothing was requested
 * - `run`: it concerns all parents
 */
export type ParentFailure = 'parent' | 'retried' | 'unavailable' | 'busy' | 'run';

/** Credentials that the host does not accept. */
const refusesEveryone: ReadonlySet<number> = new Set([401, 407]);

/** Failures that depend on what was requested for one parent. */
const ofParents: ReadonlySet<string> = new Set([
  'SourceRefused',
  'WrongShape',
  'OverLimit',
  'RobotsDisallowed',
  'PrivateAddress',
  'TooCostly',
]);

function concernsAll({ status, ofCredentials }: SourceRefused): boolean {
  return ofCredentials || (status !== undefined && refusesEveryone.has(status));
}

export function parentFailure(error: unknown): ParentFailure {
  if (error instanceof HostBusy) return 'busy';
  if (error instanceof SourceUnavailable) return 'unavailable';
  if (error instanceof UnreadableBody) return 'retried';
  if (error instanceof SourceRefused && concernsAll(error)) return 'run';
  return error instanceof DaybookError && ofParents.has(error.type) ? 'parent' : 'run';
}
