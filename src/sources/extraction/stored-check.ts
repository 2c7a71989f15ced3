import { hidesValues } from '../../domain/plan/shaping-plan.ts';
import { parseJson } from '../../formats/exact-json.ts';
import type { PayloadCheck } from '../../formats/json-schema.ts';
import type { SourcePlan } from '../../domain/plan/source-plan.ts';
import { dateOfMicros, formatMicros, type Micros } from '../../domain/time/timestamp.ts';
import { noTrace, type Trace } from '../compute/trace.ts';
import { createOccurredAt } from './occurred-at.ts';

/** How a stored record fits the present configuration. Null = it fits; `skipped` = unknown. */
export interface StoredVerdict {
  readonly time: string | null;
  readonly schema: string | null;
}

export const skipped = 'skipped';

/** Makes the function that applies a source's time rule and schema to payloads that are stored. */
export function createStoredCheck(plan: SourcePlan, schema: PayloadCheck | null, trace: Trace = noTrace) {
  const occurredAt = createOccurredAt(plan.occurredAt, plan.limits.maxAheadMs, plan.type === 'rss', !hidesValues(plan));
  return (payload: string, stored: Micros): StoredVerdict => {
    trace.step('record');
    const { value } = parseJson(payload);
    trace.step('occurred_at');
    const time = timeOf(value, stored);
    trace.step('schema');
    return { time, schema: schema ? schema(JSON.parse(payload)) : skipped };
  };

  function timeOf(value: unknown, stored: Micros): string | null {
    // A pattern without a date means the day it was fetched: the stored one.
    const found = occurredAt(value, dateOfMicros(stored));
    if (!found.ok) return found.rejection.message;
    // The time of the fetch is kept nowhere in the payload.
    if (!found.fromRecord) return skipped;
    if (found.micros === stored) return null;
    return `the payload has ${formatMicros(found.micros)}, the row has ${formatMicros(stored)}`;
  }
}
