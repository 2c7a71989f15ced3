import type { SourcePlan } from '../../domain/plan/source-plan.ts';
import { microsOfDate, type Micros } from '../../domain/time/timestamp.ts';
import { compileFinder } from '../../formats/jmespath/jmespath.ts';
import { recordId } from '../../formats/record-id.ts';
import type { RawRecord } from './extract-record.ts';
import { createOccurredAt } from './occurred-at.ts';

/** What is read of a record that is not stored: it says which page it is on, and how far a poll has come. */
export interface Peek {
  /** Null where it has no valid one. */
  readonly id: (record: RawRecord) => string | null;
  /** Its own time; null where it has none, or one that no record may have. */
  readonly time: (record: RawRecord, fetchedAt: Date) => Micros | null;
}

export function createPeek(plan: SourcePlan): Peek {
  const finders = plan.id.map(compileFinder);
  const { maxAheadMs } = plan.limits;
  const occurredAt = createOccurredAt(plan.occurredAt, maxAheadMs, plan.type === 'rss');
  return {
    id({ value }) {
      const found = recordId(
        finders.map((find) => find(value)),
        plan.id,
      );
      return found.ok ? found.id : null;
    },
    time({ value }, fetchedAt) {
      const time = occurredAt(value, fetchedAt);
      if (!time.ok || !time.fromRecord) return null;
      return time.micros > microsOfDate(fetchedAt) + BigInt(maxAheadMs) * 1000n ? null : time.micros;
    },
  };
}
