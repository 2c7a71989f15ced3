import { SourceRefused } from '../../domain/errors.ts';
import type { HttpPosition } from '../../domain/state/fetch-position.ts';
import type { HttpPlan } from '../../domain/plan/source-plan.ts';
import { isFirstPage } from './first-position.ts';
import type { Page } from '../extraction/page.ts';

/** How APIs say that a page does not exist. */
const notThere = [400, 404, 410, 416, 422];

/** Statuses of a page behind the first that may be its end. */
export function refusalsOf({ paginator }: HttpPlan): ReadonlySet<number> {
  return new Set([...notThere, ...statusesOf(paginator.endOn)]);
}

/**
 * What the refusal of a later page means: the end, if the configuration says so or the page was requested in doubt.
 * @throws SourceRefused if it may be a fault
 */
export function refusedPage(plan: HttpPlan, place: HttpPosition, status: number): Pick<Page, 'warnings'> {
  // The place of an earlier poll may be gone; where pages are counted, the one before it was there.
  const isBehind = place.saved === undefined || (place.cursor === null && place.page >= place.saved.page);
  if (isBehind && statusesOf(plan.paginator.endOn).includes(status)) {
    const message = `the page after the last was answered with ${status}, which is the end by end_on`;
    return { warnings: [{ code: 'page_beyond_end', message, count: 1 }] };
  }
  if (place.doubtful === true && notThere.includes(status)) return {};
  throw new SourceRefused(
    `fetch: ${plan.name} answered ${status} for a page after the first, expected 200; if that is the answer after the last page, set paginator.end_on: [${status}]`,
  );
}

/** What a message about an unexpected status should propose; empty if paging is not a likely cause. */
export function pagingAdvice({ paginator }: HttpPlan, place: HttpPosition, status: number): string {
  const { type } = paginator;
  if (isFirstPage({ paginator }, place)) {
    const mayCountFromOne = type === 'offset' && paginator.baseOffset === undefined && notThere.includes(status);
    return mayCountFromOne ? '; if the API counts records from 1, set paginator.base_offset: 1' : '';
  }
  // A server that is busy says nothing about its pages.
  const isFault = status >= 500 && status <= 599 && status !== 503;
  if (!isFault || (type !== 'offset' && type !== 'page_number')) return '';
  return ` for a page after the first; if that is the answer after the last page, set paginator.end_on: [${status}]`;
}

function statusesOf(endOn: HttpPlan['paginator']['endOn']): number[] {
  return (endOn ?? []).filter((end) => end !== 'repeat');
}
