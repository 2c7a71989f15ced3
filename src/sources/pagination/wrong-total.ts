import { hash as digestOf } from 'node:crypto';
import type { FetchPosition, HttpPosition } from '../../domain/state/fetch-position.ts';
import type { PaginatorPlan } from '../../domain/plan/plan-parts.ts';
import type { SourcePlan } from '../../domain/plan/source-plan.ts';
import type { CheckedWithDays } from '../extraction/checked-page.ts';
import { idsInOrder, receivedOf } from '../extraction/page-ids.ts';
import type { Page } from '../extraction/page.ts';

/** How many of the last ids are remembered: so many more than a page has may be inserted at once without being overlooked. */
const rememberedIds = 8;

/** For the place behind pages that have moved since they were read: see `notingWrongTotal`. */
export function distrustTotal(plan: SourcePlan): Pick<HttpPosition, 'wrongTotal'> {
  return endsByTotal(plan) ? { wrongTotal: true } : {};
}

/** Whether pages are numbered, and a total says which is the last. */
function endsByTotal(plan: SourcePlan): boolean {
  if (plan.type === 'file' || plan.type === 'module') return false;
  const { paginator } = plan;
  return paginator.type === 'page_number' && (paginator.totalPath !== null || paginator.totalHeader !== undefined);
}

/**
 * Notes whether the total has proved wrong during a poll: a page that should not exist by an earlier total has records, or a page begins
 * with records of the one before, so that others were inserted. From there on a total is no proof of the end: one page more is
 * asked, which may be refused.
 */
export function notingWrongTotal(
  plan: SourcePlan,
  { place }: FetchPosition,
  page: Page,
  checked: CheckedWithDays,
): Page {
  if (!endsByTotal(plan) || place.type !== 'http' || page.counts === false || receivedOf(checked) === 0) return page;
  const ids = idsInOrder(checked).map(markOf);
  const known = place.lastIds ?? [];
  // Others may be on each page: what a site shows above its list is not moved.
  const hasMoved = ids[0] !== undefined && known.includes(ids[0]);
  const isWrong = place.wrongTotal === true || place.doubtful === true || hasMoved;
  const lastIds = [...known, ...ids].slice(-rememberedIds);
  const noted = { lastIds, ...(isWrong ? { wrongTotal: true as const } : {}) };
  if (page.next?.type === 'http') return { ...page, next: { ...page.next, ...noted } };
  if (page.next !== null || page.end || !isWrong) return page;
  return { ...page, next: { ...place, ...noted, page: place.page + 1, skip: 0, doubtful: true } };
}

function markOf(id: string): string {
  return digestOf('sha256', id, 'base64url').slice(0, 11);
}

/** The key of a paginator by which pages follow an empty one. */
export function whatLeadsOn(paginator: PaginatorPlan): string {
  if (paginator.hasMorePath !== null) return `has_more_path "${paginator.hasMorePath}"`;
  if (!('totalPath' in paginator)) return 'the API';
  if (paginator.totalHeader !== undefined) return `total_header "${paginator.totalHeader}"`;
  return paginator.totalPath === null ? 'the API' : `total_path "${paginator.totalPath}"`;
}
