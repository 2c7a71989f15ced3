import type { SourcePlan } from './source-plan.ts';

export function hasExport(plan: SourcePlan): boolean {
  return 'export' in plan && plan.export !== undefined;
}
