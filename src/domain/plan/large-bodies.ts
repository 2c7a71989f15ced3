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
