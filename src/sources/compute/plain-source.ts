import { isPath } from '../../formats/jmespath/jmespath.ts';
import { pathsOf } from '../../formats/jmespath/plan-paths.ts';
import type { SourcePlan } from '../../domain/plan/source-plan.ts';

/**
 * Whether a source's own configuration computes nothing: it has no schema, and its expressions are paths of keys. Reading
 * what it sends takes as long as that is, whatever it holds.
 */
export function isPlain(plan: SourcePlan, schema: string | null): boolean {
  if (schema !== null || !isOfPaths(plan)) return false;
  // What is kept beside each element may make many times as much of a record.
  if (plan.shaping?.explode) return false;
  return pathsOf(plan).every(({ path }) => isPath(path));
}

function isOfPaths(plan: SourcePlan): boolean {
  if (plan.type === 'http') return plan.format !== null && ['json', 'ndjson', 'csv'].includes(plan.format);
  return plan.type === 'http_json' || plan.type === 'file';
}
