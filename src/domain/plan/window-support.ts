import { asksSince, asksUntil } from './plan-parts.ts';
import type { SourcePlan } from './source-plan.ts';

/** Why a source cannot be queried for a window of time, and what to add; null if it can. */
export function windowProblem(plan: SourcePlan): string | null {
  const { name, type } = plan;
  if (type === 'module') return null;
  if (type !== 'http_json' && type !== 'http') {
    return `${name} does not support windows: it is of type ${type}, expected http with incremental, or module`;
  }
  const { incremental, forEach } = plan;
  if (forEach?.type === 'source') {
    return `${name} does not support windows: it is requested for each record of ${forEach.source}, expected a source with incremental`;
  }
  const missing =
    incremental === null
      ? 'incremental with cursor, start_param and end_param'
      : [
          ...(asksSince(incremental) ? [] : ['incremental.start_param']),
          ...(asksUntil(incremental) ? [] : ['incremental.end_param']),
        ].join(' and ');
  return missing === ''
    ? null
    : `${name} does not support windows yet: add ${missing}, or name \${since} and \${until} in the request`;
}
