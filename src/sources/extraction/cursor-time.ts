import { compileFinder } from '../../formats/jmespath/jmespath.ts';
import type { AcceptedRecord } from '../../domain/run/record.ts';
import type { SourcePlan } from '../../domain/plan/source-plan.ts';
import type { Micros } from '../../domain/time/timestamp.ts';
import type { PageItem } from './page.ts';
import { noTrace, type Trace } from '../compute/trace.ts';
import { createTimeReader } from './occurred-at.ts';

/** Makes the function that finds the time the watermark follows: the incremental cursor, else the record's own time. */
export function createCursorTime(
  plan: SourcePlan,
  trace: Trace = noTrace,
): (item: PageItem, record: AcceptedRecord) => Micros | null {
  return createCursor(plan, trace) ?? ((_item, record) => (record.timeFromRecord ? record.occurredAt : null));
}

/** The same for the incremental cursor alone, which is read from the record as the source sent it; null if there is none. */
export function createCursor(plan: SourcePlan, trace: Trace = noTrace): ((item: PageItem) => Micros | null) | null {
  const incremental = plan.type === 'file' || plan.type === 'module' ? null : plan.incremental;
  if (!incremental) return null;
  const find = compileFinder(incremental.cursor);
  const read = createTimeReader(incremental.format, 'UTC', plan.limits.maxAheadMs);
  const now = new Date();
  return (item) => {
    if (!('raw' in item)) return null;
    trace.step('incremental.cursor');
    const time = read(find(item.raw.value), now);
    return time.ok ? time.micros : null;
  };
}
