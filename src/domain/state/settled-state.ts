import type { SourcePlan } from '../plan/source-plan.ts';
import { sinks, type Sink } from '../run/sink.ts';
import { confirmId, type SourceState } from './source-state.ts';

/** The state with the time since when a sink is down; one that accepted a batch is up, unless it failed at another. */
export function markSinks(state: SourceState, up: ReadonlySet<Sink>, down: ReadonlySet<Sink>, now: Date): SourceState {
  const since: Partial<Record<Sink, string>> = {};
  for (const sink of sinks) {
    const before = state.sinkDownSince[sink];
    if (down.has(sink)) since[sink] = before ?? now.toISOString();
    else if (before !== undefined && !up.has(sink)) since[sink] = before;
  }
  return { ...state, sinkDownSince: since };
}

/**
 * The state with the time of the latest new records: a source is stale once it has had nothing new for long. For one that was never
 * polled the time starts now.
 * @param written new records
 */
export function noteNews(state: SourceState, written: number, now: Date): SourceState {
  if (written === 0 && state.lastNewAt !== null) return state;
  return { ...state, lastNewAt: now.toISOString() };
}

/** Whether two states say the same: saving the second one would change nothing. */
export function isSameState(a: SourceState, b: SourceState): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/**
 * The state of a probed source with whether its last poll made dead letters.
 * @param plan of the run; a source that is not probed has no such mark
 */
export function noteRejected(state: SourceState, plan: Pick<SourcePlan, 'probe'>, rejected: number): SourceState {
  const { document } = state;
  if (plan.probe !== true || !document || (document.rejected === true) === rejected > 0) return state;
  const { rejected: _, ...mark } = document;
  return { ...state, document: rejected > 0 ? { ...mark, rejected: true } : mark };
}

/** The state after a run that did not fail. @param id of the records that it stored */
export function settledState(state: SourceState, id: readonly string[]): SourceState {
  const confirmed = confirmId(state, id);
  return confirmed.failures ? { ...confirmed, failures: null } : confirmed;
}
