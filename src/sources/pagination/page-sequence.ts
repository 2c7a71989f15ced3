import { WrongShape } from '../../domain/errors.ts';
import type {
  FetchPosition,
  HttpPosition,
  ModulePosition,
  PollEnd,
  SameIds,
} from '../../domain/state/fetch-position.ts';
import type { PaginatorPlan } from '../../domain/plan/plan-parts.ts';
import type { HttpPlan, SourcePlan } from '../../domain/plan/source-plan.ts';
import type { Cuts } from '../../domain/state/source-state.ts';
import type { Warning } from '../../domain/run/warning.ts';
import type { Page } from '../extraction/page.ts';
import { stepBack } from './first-position.ts';
import { isCycle, isScroll, nameOf, nextCycle } from './page-cycle.ts';
import { stepOf } from './overlap.ts';
import { isOtherPart } from './poll-parts.ts';
import { distrustTotal, whatLeadsOn } from './wrong-total.ts';

/** How many hashes of the last pages are kept to recognize a repeated one. */
const rememberedPages = 16;

/** Separates those of an earlier poll from those of this one in their list. */
const earlierPart = '';
/** After this many empty pages in a row a source counts as empty. */
const maxEmptyPages = 1_000;
/** Empty pages in a row that are followed if the source announces more. */
const maxFollowedEmptyPages = 10;

/** A poll that continues behind a cut reads the page before it once more, where that leaves most of `max_pages` for others. */
const minPagesToStepBack = 3;

/** Pages in a row with the same ids: the API gives the same records for each page, with something in them that changes. */
const maxSameIds = 3;

/** Polls that are cut one after the other at the same place, before that is an alert. */
const maxCuts = 3;

const notOver: PollEnd = { cutShort: false, notModified: false, notBefore: null };

/** The effect of a page on its poll. */
export interface PollStep {
  readonly position: FetchPosition;
  /** Set where the poll is over. */
  readonly end: PollEnd | null;
  /** The poll continues, but not at the next page. */
  readonly jumps?: true;
  readonly warnings?: readonly Warning[];
}

/** Whether a page is one that this poll has read. */
export function isRepeatedPage({ place }: FetchPosition, hash: string | null): boolean {
  return place.type !== 'file' && hash !== null && place.recentPages.includes(hash);
}

/**
 * After a page that has come before. Records that were inserted at the front move the pages that were read to where the next ones
 * were: then new ones follow. The same page twice more is the end: the API repeats its last page for each later one; and so are
 * all pages in their order: it starts again. With a single page it is unclear whether the API supports paging.
 */
export function afterRepeat(plan: SourcePlan, position: FetchPosition, page: Page, hash: string | null): PollStep {
  const { place } = position;
  if (plan.type === 'file' || plan.type === 'module' || place.type !== 'http') return { position, end: notOver };
  const { endOn, ...paginator } = plan.paginator;
  const over: PollEnd = { ...notOver, ...tokenOf(plan, place) };
  if (endOn?.includes('repeat') === true) return { position, end: over };
  // A page whose only key is that of the last record follows it where the bound is inclusive.
  if (paginator.type === 'keyset' && page.next === null && !isNotAscending(page)) {
    return { position, end: { ...over, ...page.end }, warnings: page.warnings ?? [] };
  }
  const { recentPages, distinct = 0, repeated = 0 } = place;
  const isSame = repeated > 0 && hash === recentPages.at(-1) && !isNewToPart(recentPages, hash);
  // A token or link to a page that was already read is a cycle; one that leads further may be a page number in disguise.
  const stride = stepOf(plan, place);
  const isCounted = stride !== null;
  // A count that ends with a page that was read before has left one out: one more page is asked, which may be refused.
  const isUncounted = page.next === null && isCounted && distinct >= 2 && place.doubtful !== true;
  const next = isUncounted ? { ...place, page: place.page + stride, doubtful: true as const } : page.next;
  const mayLeadOn = isCounted || (distinct >= 2 && next !== null && !isCycle(place, next));
  // Asked beyond a total that could not be right, a repeated page is the end; unless it says itself that others follow.
  const isBeyondTotal = place.doubtful === true && next?.type === 'http' && next.doubtful === true;
  const asksOn = mayLeadOn && !isSame && !startsAgain(place, hash) && !isBeyondTotal && page.stretch === undefined;
  if (asksOn && next?.type === 'http') {
    const seen = hash === null ? recentPages : [...recentPages, hash].slice(-rememberedPages);
    const further = {
      ...next,
      ...tailOf(place),
      ...distrustTotal(plan),
      recentPages: seen,
      distinct,
      repeated: repeated + 1,
    };
    const unproved = distinct >= 2 ? {} : { frontRepeated: true as const };
    return { position: { ...position, place: further, ...unproved }, end: null };
  }
  if (distinct >= 2) return { position, end: over };
  return ignored(plan, position, place, `the second page repeats the first: ${nameOfParameter(paginator)}`);
}

function isNotAscending({ warnings = [] }: Page): boolean {
  return warnings.some(({ code }) => code === 'not_ascending');
}

/** Whether the pages of this poll come again in their order; in any other order, records that came or went may have moved them. */
function startsAgain({ recentPages, distinct = 0, repeated = 0 }: HttpPosition, hash: string | null): boolean {
  if (repeated < Math.max(1, distinct)) return false;
  const part = [...recentPages.slice(recentPages.lastIndexOf(earlierPart) + 1), hash];
  if (repeated >= rememberedPages || part.length < 2 * distinct) return true;
  return part.slice(-distinct).every((seen, index) => seen === part.at(index - 2 * distinct));
}

/** The end of a poll whose pages are all the same. */
function ignored(plan: HttpPlan, position: FetchPosition, place: HttpPosition, what: string): PollStep {
  const paging = `${plan.name}: ${what}; correct it, or set paginator.end_on: [repeat] if there is only one page. The watermark does not change`;
  const end: PollEnd = { ...notOver, cutShort: true, paging, ...(place.thenAt ? { resumes: true } : {}) };
  return { position, end, warnings: [{ code: 'page_repeated', message: what, count: 1 }] };
}

/** Whether a page of an earlier poll was seen once only by this one: what came or went between them may have moved it here. */
function isNewToPart(recentPages: readonly string[], hash: string | null): boolean {
  const border = recentPages.lastIndexOf(earlierPart);
  return border !== -1 && recentPages.slice(border).filter((seen) => seen === hash).length < 2;
}

function nameOfParameter(paginator: PaginatorPlan): string {
  switch (paginator.type) {
    case 'page_number':
      return `the API ignores ${paginator.pageParam === null ? '${page}' : `page_param "${paginator.pageParam}"`}`;
    case 'offset':
      return `the API ignores ${paginator.offsetParam === null ? '${offset}' : `offset_param "${paginator.offsetParam}"`}`;
    case 'cursor':
      return `the API ignores ${paginator.cursorParam === null ? '${cursor}' : `cursor_param "${paginator.cursorParam}"`}`;
    case 'keyset':
      return `the API ignores ${paginator.keyParam === null ? '${last:…}' : `key_param "${paginator.keyParam}"`}`;
    default:
      return `the link to the next page leads to the same page (${paginator.type})`;
  }
}

/** What a page holds, as seen from the polls before. */
export interface PageFindings {
  /** Whether it has records that no earlier poll has; null = unknown. */
  readonly isNew: boolean | null;
  /** Whether nothing on it is new, all of it is older than what is asked for, and so are the pages behind it. */
  readonly isBehind: boolean;
}

/** After a page that was read. */
export function afterPage(
  plan: SourcePlan,
  from: FetchPosition['place'],
  position: FetchPosition,
  page: Page,
  { isNew, isBehind }: PageFindings,
): PollStep {
  const { place } = position;
  const over: PollEnd = { ...notOver, ...tokenOf(plan, place) };
  if (page.next === null) return isOnePage(plan, position, page) ?? { position, end: { ...over, ...page.end } };
  if (place.type === 'http' && place.forNextPoll === true)
    return isOnePage(plan, position, page) ?? { position, end: over };
  if (isCycle(from, place) && !isScroll(plan, from, place)) return { position, end: over };
  if (plan.type === 'file' || plan.type === 'module' || place.type !== 'http' || place.skip > 0 || place.body) {
    return { position, end: null };
  }
  const { paginator } = plan;
  if ((place.sameIds?.pages ?? 0) >= maxSameIds) {
    if (paginator.endOn?.includes('repeat') === true) return { position, end: over };
    const what = `${maxSameIds} pages in a row have the same ids: ${nameOfParameter(paginator)}`;
    return ignored(plan, position, place, what);
  }
  // Whatever follows an empty page is read by the next poll: it begins there.
  if (over.keepsToken && (place.emptyPages ?? 0) > 0) return { position, end: over };
  if (isBehind) return { position, end: over };
  if (paginator.followsEmptyPages === true && (place.emptyPages ?? 0) > maxFollowedEmptyPages) {
    const paging = `${plan.name}: more than ${maxFollowedEmptyPages} pages without records in a row, and ${whatLeadsOn(paginator)} says that more follow; if it is wrong and an empty page is the last one, set paginator.stop_after_empty_page: true. The watermark does not change`;
    return { position, end: { ...notOver, cutShort: true, resumes: true, paging } };
  }
  if (place.thenAt) return afterFront(plan, position, place, isNew);
  if (paginator.maxPages === null || position.pages < paginator.maxPages) return { position, end: null };
  return over.keepsToken ? { position, end: { ...over, cutShort: true } } : cutAt(plan, position, place);
}

/** A total, or `has_more`, that ends a poll is not a proof of its end if all of its pages have the same ids. */
function isOnePage(plan: SourcePlan, position: FetchPosition, page: Page): PollStep | null {
  const { place } = position;
  if (plan.type === 'file' || plan.type === 'module' || place.type !== 'http' || page.end?.notModified) return null;
  const { sameIds: same, distinct = 0 } = place;
  // One id on two pages may be a record that was edited.
  if (same === undefined || same.ids < 2 || same.pages < 2 || same.pages < distinct) return null;
  if (plan.paginator.endOn?.includes('repeat') === true) return null;
  const what = `${same.pages} pages in a row have the same ids: ${nameOfParameter(plan.paginator)}`;
  return ignored(plan, position, place, what);
}

/** Whether the next poll begins where this one ends. */
function tokenOf(plan: SourcePlan, place: FetchPosition['place']): Pick<PollEnd, 'keepsToken'> {
  if (plan.type === 'file' || plan.type === 'module' || plan.paginator.resume !== 'token') return {};
  return place.type === 'http' && place.cursor !== null ? { keepsToken: true } : {};
}

/** A poll that was cut goes back to where that was, once it has read what is new. */
function afterFront(plan: HttpPlan, position: FetchPosition, place: HttpPosition, isNew: boolean | null): PollStep {
  const { thenAt, ...rest } = place;
  const { maxPages } = plan.paginator;
  if (!thenAt) return { position, end: null };
  const isThere = place.cursor === null ? place.page >= thenAt.page : place.cursor === thenAt.cursor;
  if (isThere) return { position: { ...position, place: rest }, end: null, jumps: true };
  const isSpent = maxPages !== null && position.pages >= maxPages - 1;
  if (isNew === true && !isSpent) return { position, end: null };
  const { type, since, until } = place;
  const { seen: before = [], distinct: _distinct, ...saved } = thenAt;
  const mayStepBack = maxPages === null || maxPages - position.pages >= minPagesToStepBack;
  const { seen: _seen, distinct = 0, ...begin } = mayStepBack ? stepBack(plan, thenAt) : thenAt;
  // A page that is read once more on purpose is not a repeated page.
  const seen = begin.page === saved.page ? before : before.slice(0, -1);
  const recentPages = seen.length === 0 ? [] : [...seen, earlierPart];
  const kept = { since, ...(until === undefined ? {} : { until }), recentPages, distinct, ...distrustTotal(plan) };
  return { position: { ...position, place: { type, ...begin, ...kept, saved } }, end: null, jumps: true };
}

/** Where `max_pages` cuts a poll; one that knows since when it asks continues there. */
function cutAt(plan: HttpPlan, position: FetchPosition, place: HttpPosition): PollStep {
  // Pages are counted from the start in each part of a poll.
  const page = (place.range?.part ?? 0) * 1_000_000_000 + place.page;
  if (!plan.incremental && plan.paginator.type !== 'keyset') return { position, end: { ...notOver, cutShort: true } };
  const { cuts: before } = position;
  const isFurther = before === undefined || page > before.page;
  const cuts: Cuts = isFurther ? { page, times: 1 } : { page: before.page, times: before.times + 1 };
  const paging = `${plan.name}: max_pages ended ${cuts.times} polls in a row, and none got further; raise max_pages. The watermark does not change`;
  const end: PollEnd = { ...notOver, cutShort: true, resumes: true, ...(cuts.times >= maxCuts ? { paging } : {}) };
  return { position: { ...position, cuts }, end };
}

/** The place of the next page, with what is remembered of those before it. */
export function remember<P extends HttpPosition | ModulePosition>(
  place: P,
  position: FetchPosition,
  hash: string | null,
  isFurtherPart: boolean,
  ids: readonly string[] | null,
): P {
  const before = position.place.type === 'file' ? null : position.place;
  if (before?.type === 'http' && place.type === 'http' && isOtherPart(before, place)) {
    return { ...place, ...tailOf(before) };
  }
  const recent = before?.recentPages ?? [];
  const { repeated: _repeated, circle: _circle, tail: _tail, breaks: _breaks, sameIds: _ids, ...rest } = place;
  const circle =
    before && place.cursor !== null && place.cursor !== before.cursor
      ? nextCycle(before, place.cursor)
      : before?.circle;
  return {
    ...(rest as P),
    recentPages: hash === null ? recent : [...recent, hash].slice(-rememberedPages),
    emptyPages: emptyPagesAfter(before, hash, isFurtherPart),
    distinct: (before?.distinct ?? 0) + (hash === null || isFurtherPart ? 0 : 1),
    ...(circle ? { circle } : {}),
    ...(before ? tailOf(before) : {}),
    ...sameIds(before?.sameIds, ids),
  };
}

function emptyPagesAfter(
  before: HttpPosition | ModulePosition | null,
  hash: string | null,
  isFurtherPart: boolean,
): number {
  const { emptyPages = 0 } = before ?? {};
  if (hash !== null) return 0;
  return isFurtherPart ? emptyPages : emptyPages + 1;
}

function sameIds(before: SameIds | undefined, ids: readonly string[] | null): { readonly sameIds?: SameIds } {
  if (ids === null) return before ? { sameIds: before } : {};
  if (ids.length === 0) return {};
  const mark = nameOf(JSON.stringify(ids));
  return { sameIds: { mark, pages: mark === before?.mark ? before.pages + 1 : 1, ids: new Set(ids).size } };
}

/** What is remembered of the records before a page, where pages overlap. */
function tailOf({ tail, breaks }: HttpPosition | ModulePosition): Pick<HttpPosition, 'tail' | 'breaks'> {
  return { ...(tail ? { tail } : {}), ...(breaks ? { breaks } : {}) };
}

export function isEndless({ place }: FetchPosition): boolean {
  return place.type !== 'file' && (place.emptyPages ?? 0) >= maxEmptyPages;
}

/** @throws WrongShape */
export function assertNotEndless({ name }: SourcePlan, position: FetchPosition): void {
  if (!isEndless(position)) return;
  throw new WrongShape(
    `fetch: ${name} gave ${maxEmptyPages} pages without records in a row; set max_pages or stop_after_empty_page, or end the module`,
  );
}
