import type { HttpPosition, SavedPosition, NextPage } from '../../domain/state/fetch-position.ts';
import type { HttpPlan } from '../../domain/plan/source-plan.ts';
import type { SourceState, UnfinishedPoll } from '../../domain/state/source-state.ts';
import { formatMicros, microsOfDate } from '../../domain/time/timestamp.ts';
import { readTime } from './read-time.ts';
import { firstPage } from './first-page.ts';
import { inFirstPart } from './poll-parts.ts';
import { distrustTotal } from './wrong-total.ts';

/**
 * Where a poll begins: where an earlier one stopped, else at the first page. If pages are numbered it steps back one page:
 * deletions in the meantime have moved records from the next page to the one before. With overlapping pages it need not. A poll
 * that was cut by `max_pages` reads the front first.
 */
export function firstHttpPosition(plan: HttpPlan, state: SourceState, now = new Date()): HttpPosition {
  const { unfinished } = state;
  const front = { ...firstPage(plan.paginator), recentPages: [], ...valuesAt(plan, now, unfinished) };
  if (!unfinished) {
    return inFirstPart(plan, { type: 'http', ...front, since: startOf(plan, state) }, formatMicros(microsOfDate(now)));
  }
  const { since, total, distinct = 0, tail = [], range, until } = unfinished;
  const part = range ? { range, ...(until === undefined ? {} : { until }) } : {};
  const { values } = unfinished;
  const place = {
    page: unfinished.page,
    cursor: unfinished.cursor,
    skip: unfinished.skip,
    ...(values ? { values } : {}),
  };
  const saved: SavedPosition = { ...place, ...(total === undefined ? {} : { total }), ...overlapOf(tail) };
  // In ascending order what is new comes last.
  if (unfinished.front === true && !isAscendingPlan(plan)) {
    return { type: 'http', ...front, since, thenAt: { ...saved, seen: unfinished.seen ?? [], distinct } };
  }
  // There the page itself shows whether it follows what was read.
  if (tail.length > 0) {
    const read = distinct > 0 ? { distinct } : {};
    return { type: 'http', ...saved, skip: 0, since, ...part, recentPages: [], saved, ...read };
  }
  const { distinct: read = 0, ...begin } = stepBack(plan, { ...saved, distinct });
  return {
    type: 'http',
    ...begin,
    since,
    ...part,
    recentPages: [],
    saved,
    ...(read > 0 ? { distinct: read } : {}),
    // It was interrupted where it knew that the total is wrong.
    ...(total !== undefined && saved.page - (front.page - 1) > total ? distrustTotal(plan) : {}),
  };
}

/** Whether the newest records are on the last page of a poll. */
function isAscendingPlan({ paginator, incremental }: HttpPlan): boolean {
  if (incremental?.stepMs !== undefined || paginator.type === 'keyset') return true;
  return paginator.type === 'offset' && paginator.maxOffset !== undefined;
}

/** What templates need; a continued poll has the values of its first part. */
function valuesAt(plan: HttpPlan, now: Date, unfinished: UnfinishedPoll | null): Pick<HttpPosition, 'values'> {
  if (plan.templates !== true) return {};
  const started = unfinished?.isToken === true ? undefined : unfinished?.startedAt;
  return { values: { now: formatMicros(microsOfDate(started === undefined ? now : new Date(started))) } };
}

/**
 * The position of an earlier poll, one page back if pages are numbered: deletions in the meantime have moved records to the page
 * before. With overlapping pages it stays.
 */
export function stepBack(plan: HttpPlan, saved: SavedPosition): SavedPosition {
  const { paginator } = plan;
  if (saved.tail) return saved;
  const back = paginator.type === 'page_number' ? 1 : paginator.type === 'offset' ? paginator.limit : 0;
  const page = back > 0 ? Math.max(firstPage(paginator).page, saved.page - back) : saved.page;
  if (page === saved.page) return saved;
  // The page that is read once more counts once more.
  const distinct = Math.max(0, (saved.distinct ?? 0) - 1);
  return { ...saved, page, skip: 0, ...(saved.distinct === undefined ? {} : { distinct }) };
}

/** The position after a page. One left by an earlier poll is dropped once its page was read. */
export function positionAfter(from: HttpPosition, next: NextPage): HttpPosition {
  const { saved, doubtful: _doubtful, overlaps: _overlaps, probes: _probes, body: _body, ...place } = from;
  return { ...place, ...next, skip: 0, ...(saved && place.page < saved.page ? { saved } : {}) };
}

function overlapOf(tail: readonly string[]): Pick<SavedPosition, 'overlaps' | 'tail'> {
  return tail.length === 0 ? {} : { overlaps: true, tail };
}

export function isFirstPage({ paginator }: Pick<HttpPlan, 'paginator'>, { page, cursor }: NextPage): boolean {
  return cursor === null && page === firstPage(paginator).page;
}

/** The watermark, less the lag, but not before the initial value. */
function startOf(plan: HttpPlan, state: SourceState): string | null {
  if (!plan.incremental) return null;
  const { initialValue, lagMs } = plan.incremental;
  const initial = readTime(initialValue);
  const watermark = readTime(state.watermark);
  const start = watermark === null ? initial : watermark - BigInt(lagMs) * 1000n;
  if (start === null) return null;
  return formatMicros(initial !== null && initial > start ? initial : start);
}
