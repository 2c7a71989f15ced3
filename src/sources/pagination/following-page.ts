import type { OffsetPlan } from '../../domain/plan/plan-parts.ts';
import type { HttpPlan } from '../../domain/plan/source-plan.ts';
import type { Warning } from '../../domain/run/warning.ts';
import type { NextPage } from '../../domain/state/fetch-position.ts';
import { formatMicros, type Micros } from '../../domain/time/timestamp.ts';
import { parseJson } from '../../formats/exact-json.ts';
import { compileFinder } from '../../formats/jmespath/jmespath.ts';
import { formatParameter } from '../../formats/parameter-time.ts';
import { createTimeReader } from '../extraction/occurred-at.ts';
import { isAscending } from './ascending-order.ts';
import { nextPage, rawRecords, type PageFacts } from './next-page.ts';
import { readTime } from './read-time.ts';

/** Where a poll continues after a page. */
export interface Following {
  readonly next: NextPage | null;
  /** The poll cannot be complete: it ends here, `partial`. */
  readonly problem?: Warning;
}

/**
 * The page after one, for pages that must be in ascending order too: those behind a key, and those that continue by time behind the
 * largest offset.
 * @throws what `nextPage` throws
 */
export function followingPage(plan: HttpPlan, place: NextPage, facts: PageFacts): Following {
  const next = nextPage(plan.paginator, place, facts);
  const { paginator } = plan;
  if (paginator.type === 'keyset') {
    const before = place.cursor === null ? [] : [parseJson(place.cursor).value];
    const found = [...before, ...rawRecords(facts).map(compileFinder(paginator.key))];
    return isAscending(found) ? { next } : { next: null, problem: disorder(`key "${paginator.key}"`) };
  }
  if (paginator.type !== 'offset' || paginator.maxOffset === undefined) return { next };
  return behindLargestOffset(plan, paginator, place, next, facts);
}

/** Beyond the largest offset a poll begins again at the front, with the time of the last record. */
function behindLargestOffset(
  plan: HttpPlan,
  { maxOffset = 0 }: OffsetPlan,
  place: NextPage,
  next: NextPage | null,
  facts: PageFacts,
): Following {
  const { incremental } = plan;
  if (!incremental) return { next };
  const read = createTimeReader(incremental.format, 'UTC', plan.limits.maxAheadMs);
  const find = compileFinder(incremental.cursor);
  const now = new Date();
  const times = rawRecords(facts).flatMap((record): Micros[] => {
    const time = read(find(record), now);
    return time.ok ? [time.micros] : [];
  });
  const isInOrder = times.every((time, index) => index === 0 || time >= (times[index - 1] ?? time));
  if (!isInOrder) return { next: null, problem: disorder(`incremental.cursor "${incremental.cursor}"`) };
  if (next === null || next.page <= maxOffset) return { next };
  const last = times.at(-1);
  if (last === undefined) {
    const message = `no record of the page at offset ${place.page} has a time at incremental.cursor "${incremental.cursor}", and pages behind max_offset ${maxOffset} are requested by time; the poll ends there`;
    return { next: null, problem: { code: 'offset_limit', message, count: 1 } };
  }
  const since = formatMicros(last);
  const before = readTime(place.since ?? null);
  const written = incremental.paramFormat ?? incremental.format;
  if (before !== null && formatParameter(last, written) === formatParameter(before, written)) {
    const message = `more than max_offset ${maxOffset} records have the time ${formatParameter(last, written)}, and the API refuses to skip more; the poll ends there`;
    return { next: null, problem: { code: 'offset_limit', message, count: 1 } };
  }
  const { from = place.since ?? null, part = 0, ...range } = place.range ?? {};
  return { next: { page: 0, cursor: null, since, range: { ...range, from, part: part + 1 } } };
}

function disorder(what: string): Warning {
  const message = `a page is not in ascending order of ${what}, so that records may be missed; request that order from the API. The poll ends there`;
  return { code: 'not_ascending', message, count: 1 };
}
