import type { HttpPlan } from '../../domain/plan/source-plan.ts';
import type { FetchPosition, HttpPosition, NextPage } from '../../domain/state/fetch-position.ts';
import { formatMicros } from '../../domain/time/timestamp.ts';
import { firstPage } from './first-page.ts';
import { readTime } from './read-time.ts';

/**
 * A poll of a long range that is asked for in parts of `incremental.step`: the position in its first part.
 * @param to end of the whole range, canonical time
 */
export function inFirstPart(plan: HttpPlan, place: HttpPosition, to: string): HttpPosition {
  const stepMs = plan.incremental?.stepMs;
  if (stepMs === undefined || place.since === null || place.since >= to) return place;
  return { ...place, until: endOfPart(place.since, stepMs, to), range: { from: place.since, to, part: 0 } };
}

/** The first page of the next part; null if there is none. */
export function nextPart(plan: HttpPlan, place: HttpPosition): HttpPosition | null {
  const stepMs = plan.incremental?.stepMs;
  const { range, until } = place;
  if (stepMs === undefined || range?.to === undefined || until === undefined || until >= range.to) return null;
  const next = { ...firstPage(plan.paginator), since: until, until: endOfPart(until, stepMs, range.to) };
  return beginPart(place, { ...next, range: { ...range, part: range.part + 1 } });
}

/** The position at the beginning of a part: what was remembered of the pages before says nothing about its pages. */
export function beginPart({ type, parent, values, since, until }: HttpPosition, next: NextPage): HttpPosition {
  const { now, unproved } = values ?? {};
  const kept = { ...(now === undefined ? {} : { now }), ...(unproved === undefined ? {} : { unproved }) };
  return {
    type,
    since,
    ...(until === undefined ? {} : { until }),
    ...(parent === undefined ? {} : { parent }),
    ...(Object.keys(kept).length === 0 ? {} : { values: kept }),
    ...next,
    skip: 0,
    recentPages: [],
  };
}

type Part = Pick<HttpPosition, 'range' | 'document'>;

/** Whether two positions are in different parts of a poll, or in different documents of an export. */
export function isOtherPart(a: Part, b: Part): boolean {
  return a.range?.part !== b.range?.part || a.document !== b.document;
}

/** The time since which the whole poll asks. */
export function sinceOfPoll(place: FetchPosition['place']): string | null {
  if (place.type === 'file') return null;
  return place.range ? place.range.from : place.since;
}

function endOfPart(since: string, stepMs: number, to: string): string {
  const start = readTime(since) ?? 0n;
  const end = formatMicros(start + BigInt(stepMs) * 1000n);
  return end < to ? end : to;
}
