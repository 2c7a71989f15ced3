import type { AlertName } from '../monitoring/alert.ts';
import type { SourcePlan } from '../plan/source-plan.ts';
import { idChange } from '../state/id-change.ts';
import { startingState, type SourceState } from '../state/source-state.ts';

/** What is known of a source before a probe asks it. */
export interface ProbeFacts {
  readonly plan: SourcePlan;
  /** Null if there is none, or none that can be read. */
  readonly stored: SourceState | null;
  /** Null = the database could not be asked. */
  readonly databaseId: string | null;
  /** Names of its open alerts. */
  readonly alerts: ReadonlySet<AlertName>;
  readonly now: Date;
}

/**
 * What to do with a source: `ask` sends a request, `run` starts a run without one, `wait` leaves it out, `unchanged` does too, because
 * the source has said that nothing changes yet.
 */
export type ProbeDecision =
  | { readonly kind: 'ask'; readonly state: SourceState }
  | { readonly kind: 'unchanged'; readonly state: SourceState }
  | { readonly kind: 'run' | 'wait' };

/** Alerts that a run resolves, whatever the source answers: a probe does not. */
const settledByRuns: readonly AlertName[] = ['run_failed', 'login_needed', 'config', 'state'];

/** Decides by what the last run of a source left behind. */
export function decideProbe({ plan, stored, databaseId, alerts, now }: ProbeFacts): ProbeDecision {
  if (!stored) return { kind: 'run' };
  const { fetchFingerprint, shapeFingerprint, id } = plan;
  const { state, changed } = startingState(stored, { fetchFingerprint, shapeFingerprint, id, databaseId });
  const isAhead = (time: string | null | undefined) => typeof time === 'string' && Date.parse(time) > now.getTime();
  if (isAhead(state.notBefore) || isAhead(state.failures?.until)) return { kind: 'wait' };
  if (changed !== null || idChange(plan.name, stored, plan) !== null) return { kind: 'run' };
  // The last run failed, was cut short, or left something to do.
  if (state.failures || state.unfinished || Object.keys(state.sinkDownSince).length > 0) return { kind: 'run' };
  if (state.document?.rejected === true || !canCompare(state)) return { kind: 'run' };
  if (settledByRuns.some((name) => alerts.has(name))) return { kind: 'run' };
  if (mayBeStale(plan, state, alerts.has('staleness'), now)) return { kind: 'run' };
  return { kind: isAhead(state.freshUntil) ? 'unchanged' : 'ask', state };
}

/** The hash by which an unchanged document is known; null if none is. */
export function knownDocument({ document, previousPoll }: SourceState): string | null {
  if (!document) return null;
  const isSamePoll = JSON.stringify(document.poll) === JSON.stringify(previousPoll);
  return isSamePoll ? document.sha256 : null;
}

function canCompare(state: SourceState): boolean {
  return state.etag !== null || state.lastModified !== null || knownDocument(state) !== null;
}

/** Whether a run would open or resolve the alert, or note when the source last had a new record. */
function mayBeStale({ expect }: SourcePlan, { lastNewAt }: SourceState, isOpen: boolean, now: Date): boolean {
  if (expect.maxStalenessMs === null) return false;
  return lastNewAt === null || now.getTime() - Date.parse(lastNewAt) > expect.maxStalenessMs !== isOpen;
}
