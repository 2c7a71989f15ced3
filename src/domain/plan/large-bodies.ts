import type { SourcePlan } from './source-plan.ts';

/** Whether a source may have bodies that are read piece by piece: a fetch may take as long as they come. */
export function mayStream(plan: SourcePlan): boolean {
  return plan.type === 'http' && (plan.format === null || plan.format === 'csv' || plan.format === 'ndjson');
}
