import { hasExport } from './has-export.ts';
import type { SourcePlan } from './source-plan.ts';

/** Whether a source may have bodies that are read piece by piece: a fetch may take as long as they come. */
export function mayStream(plan: SourcePlan): boolean {
  return plan.type === 'http' && (plan.format === null || plan.format === 'csv' || plan.format === 'ndjson');
}

/** A body of 10 GiB at 2 Mbit/s. A source that is silent is noticed by its own time limit, a dead worker by its heartbeats. */
const largeBodyMs = 12 * 3_600_000;

/** Several pages fit in five minutes; a source with a long deadline gets time for at least one page. */
export function fetchTimeoutMs(plan: SourcePlan): number {
  const fiveMinutes = 300_000;
  if (mayStream(plan)) return largeBodyMs;
  return 'timeoutMs' in plan ? Math.max(fiveMinutes, plan.timeoutMs + 60_000) : fiveMinutes;
}

/** A page that takes longer is left to an activity whose timeout fits the source. */
const longestTimeoutMs = 240_000;

/**
 * Whether each fetch of a source is an activity of its own, also the first one: a module runs code of its own, a large body takes as long
 * as it comes, an export is waited for, and the worker that begins a run may lack the label of the source.
 */
export function isFetchedApart(plan: SourcePlan): boolean {
  if (plan.type === 'module' || mayStream(plan) || ('timeoutMs' in plan && plan.timeoutMs > longestTimeoutMs))
    return true;
  return plan.runsOn !== undefined || hasExport(plan);
}
