import {
  messageOf,
  OverLimit,
  PrivateAddress,
  RobotsDisallowed,
  SourceRefused,
  SourceUnavailable,
  TooCostly,
  UnreadableBody,
  WrongShape,
} from '../../domain/errors.ts';
import type { FetchPosition } from '../../domain/state/fetch-position.ts';
import type { SourcePlan } from '../../domain/plan/source-plan.ts';
import type { Warning } from '../../domain/run/warning.ts';
import { ownOrigin } from '../http/own-origin.ts';

/** What no further attempt changes. */
const permanent = [SourceRefused, WrongShape, PrivateAddress, OverLimit, TooCostly, RobotsDisallowed];

/** Codes of a host that is not there. */
const goneHost = new Set(['ENOTFOUND', 'ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH']);

/**
 * Whether a failure means that the position of an earlier poll is useless: refused, gone or unreadable. It is only a shortcut, so
 * the poll may begin at the front; another fault would show there too.
 */
export function isSavedPositionGone(
  plan: SourcePlan,
  place: FetchPosition['place'],
  error: unknown,
  lastAttempt: boolean,
): boolean {
  if (plan.type === 'file' || place.type === 'file' || place.saved === undefined) return false;
  if (permanent.some((type) => error instanceof type)) return true;
  if (error instanceof UnreadableBody) return lastAttempt;
  return (
    error instanceof SourceUnavailable &&
    plan.type !== 'module' &&
    isOtherHost(ownOrigin(plan), place.cursor) &&
    isGone(error)
  );
}

function isOtherHost(own: string | null, cursor: string | null): boolean {
  if (own === null || cursor === null || !URL.canParse(cursor)) return false;
  return new URL(cursor).host !== new URL(own).host;
}

function isGone({ cause }: SourceUnavailable): boolean {
  return cause instanceof Error && 'code' in cause && goneHost.has(String(cause.code));
}

/** A run failed there with all of its attempts. */
export const savedPositionLeft: Warning = {
  code: 'place_dropped',
  message: 'the previous run failed at the saved position; the poll starts at the front',
  count: 1,
};

/** It names something that a login gave, and the present login does not. */
export const secretLost: Warning = {
  code: 'place_dropped',
  message:
    'the position names a token or cookie of a former login, which the present one does not give; the poll starts at the front',
  count: 1,
};

export function savedPositionDropped(error: unknown): Warning {
  const message = `the saved position of an earlier poll is no longer usable; the poll starts at the front: ${messageOf(error)}`;
  return { code: 'place_dropped', message, count: 1 };
}
