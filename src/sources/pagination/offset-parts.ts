import { hidesValues } from '../../domain/plan/shaping-plan.ts';
import type { IncrementalPlan } from '../../domain/plan/plan-parts.ts';
import type { HttpPlan } from '../../domain/plan/source-plan.ts';
import type { Warning } from '../../domain/run/warning.ts';
import type { NextPage } from '../../domain/state/fetch-position.ts';
import type { BoundCheck } from '../../domain/state/request-values.ts';
import { formatMicros, type Micros } from '../../domain/time/timestamp.ts';
import { compileFinder } from '../../formats/jmespath/jmespath.ts';
import { formatParameter } from '../../formats/parameter-time.ts';
import { createTimeReader } from '../extraction/occurred-at.ts';
import { disorder, type Following } from './ascending-order.ts';
import { rawRecords, type PageFacts } from './next-page.ts';
import { readTime } from './read-time.ts';

interface Limit {
  readonly maxOffset: number;
  readonly baseOffset: number;
  readonly incremental: IncrementalPlan;
}

/**
 * Beyond the largest offset a poll begins again at the front, with the time of the last record. An API that gives only what is later is
 * asked from the time before it on.
 */
export function behindLargestOffset(
  plan: HttpPlan,
  { maxOffset, baseOffset, incremental }: Limit,
  place: NextPage,
  next: NextPage | null,
  facts: PageFacts,
): Following {
  const { cursor, format, paramFormat: written = format } = incremental;
  const read = createTimeReader(format, 'UTC', plan.limits.maxAheadMs);
  const find = compileFinder(cursor);
  const now = new Date();
  const times = rawRecords(facts).flatMap((record): Micros[] => {
    const time = read(find(record), now);
    return time.ok ? [time.micros] : [];
  });
  const isInOrder = times.every((time, index) => index === 0 || time >= (times[index - 1] ?? time));
  if (!isInOrder) return { next: null, problem: disorder(`incremental.cursor "${cursor}"`) };
  const textOf = (time: Micros) => formatParameter(time, written);
  const since = readTime(place.since ?? null);
  const { isAtBound, exclusive, back } = place.values?.boundCheck ?? {};
  const isUnread = isAtBound === true && since !== null && !times.some((time) => textOf(time) === textOf(since));
  if (isUnread && back) return { next: partSince(place, back.bound, { exclusive: true, stepsBack: true }) };
  const isLate = exclusive === true || isUnread;
  const missed = isUnread ? later(plan, cursor, textOf(since)) : null;
  if (next === null || next.page + baseOffset <= maxOffset)
    return marked(place, next && withoutBound(place, next, isLate), missed);
  const last = times.at(-1);
  if (last === undefined) {
    const message = `no record of the page at offset ${place.page} has a time at incremental.cursor "${cursor}", and pages behind max_offset ${maxOffset} are requested by time; the poll ends there`;
    return { next: null, problem: { code: 'offset_limit', message, count: 1 } };
  }
  if (since !== null && textOf(last) === textOf(since)) {
    const time = hidesValues(plan) ? 'the same time' : `the time ${textOf(last)}`;
    const message = `more than max_offset ${maxOffset} records have ${time} at incremental.cursor "${cursor}", and the API refuses to skip more; the poll ends there`;
    return { next: null, problem: { code: 'offset_limit', message, count: 1 } };
  }
  const earlier = times.findLast((time) => textOf(time) !== textOf(last));
  const isFurther = earlier !== undefined && (since === null || textOf(earlier) !== textOf(since));
  if (isLate && isFurther) return marked(place, partSince(place, formatMicros(earlier), { exclusive: true }), missed);
  const bound = formatMicros(last);
  if (isLate) return marked(place, partSince(place, bound, { exclusive: true }), later(plan, cursor, textOf(last)));
  const before = isFurther ? { back: { bound: formatMicros(earlier) } } : {};
  return marked(place, partSince(place, bound, { isAtBound: true, ...before }), missed);
}

/** A further part of the poll. */
function partSince({ since: before, range: now, values }: NextPage, since: string, boundCheck: BoundCheck): NextPage {
  const { from = before ?? null, part = 0, ...range } = now ?? {};
  return { page: 0, cursor: null, since, range: { ...range, from, part: part + 1 }, values: { ...values, boundCheck } };
}

/** Only the first page of a part begins at a bound. */
function withoutBound({ values }: NextPage, next: NextPage, isLate: boolean): NextPage {
  if (!values?.boundCheck) return next;
  const { boundCheck: _before, ...rest } = values;
  return { ...next, values: { ...rest, ...next.values, ...(isLate ? { boundCheck: { exclusive: true } } : {}) } };
}

/** A poll continues, and ends `partial`. */
function marked({ values }: NextPage, next: NextPage | null, missed: Warning | null): Following {
  if (!missed) return { next };
  if (next === null) return { next, problem: missed };
  return { next: { ...next, values: { ...values, ...next.values, unproved: values?.unproved ?? missed.message } } };
}

function later(plan: HttpPlan, cursor: string, text: string): Warning {
  const time = hidesValues(plan) ? 'that time' : text;
  const message = `pages behind max_offset are requested by time, and the API gives only records later than ${time} at incremental.cursor "${cursor}", so that others of the same time may be missed; request records from that time on (>=), or smaller parts with incremental.step`;
  return { code: 'records_unproved', message, count: 1 };
}
