import type { ComputeLimits } from '../../domain/plan/compute-limits.ts';
import { formatDuration } from '../../domain/time/duration.ts';
import { fieldName, type SourceDefinition } from './source-definition.ts';
import type { TraceView } from './trace.ts';

/** What was used up, and where. */
export interface Cause {
  readonly kind: 'record' | 'page' | 'memory';
  readonly at: TraceView;
}

/** Why a record is refused. */
export function recordMessage(source: SourceDefinition, { kind, at }: Cause, { recordCpuMs }: ComputeLimits): string {
  const key = keyOf(source, at);
  if (kind === 'memory') return `${key} needs more memory for this record than is available: simplify ${key}`;
  return `${key} takes more than ${formatDuration(recordCpuMs)} of CPU time for this record, expected milliseconds: simplify ${key}, or raise limits.record_cpu`;
}

/** Why a page cannot be read. */
export function pageMessage(source: SourceDefinition, { kind, at }: Cause, { pageCpuMs }: ComputeLimits): string {
  const key = keyOf(source, at);
  const subject = `fetch: ${source.name}: ${key} takes more`;
  if (kind === 'memory')
    return `${subject} memory for one page than is available: request smaller pages, or simplify ${key}`;
  return `${subject} than ${formatDuration(pageCpuMs)} of CPU time for one page: simplify ${key}, request smaller pages, or raise limits.page_cpu`;
}

/** The key of the configuration at fault, or the part of the source's content. */
function keyOf(source: SourceDefinition, { step, field }: TraceView): string {
  switch (step) {
    case 'page':
      return 'the page';
    case 'record':
      return 'the record';
    case 'source':
      return 'the configuration';
    case 'fields':
    case 'detail.fields':
      return field === null ? step : `${step}.${fieldName(source, step === 'detail.fields', field)}`;
    default:
      return step;
  }
}
