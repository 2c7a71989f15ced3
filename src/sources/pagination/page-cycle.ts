import { hash as digestOf } from 'node:crypto';
import type { SourcePlan } from '../../domain/plan/source-plan.ts';
import type {
  CycleDetector,
  FetchPosition,
  HttpPosition,
  ModulePosition,
  PagePosition,
} from '../../domain/state/fetch-position.ts';

/** Notes the name of the next page. */
export function nextCycle({ circle }: HttpPosition | ModulePosition, cursor: string): CycleDetector {
  if (!circle) return { mark: nameOf(cursor), steps: 0, limit: 1 };
  if (circle.steps < circle.limit) return { ...circle, steps: circle.steps + 1 };
  return { mark: nameOf(cursor), steps: 0, limit: circle.limit * 2 };
}

/** Whether the next page is one that was read already: it would be a cycle. */
export function isCycle(from: FetchPosition['place'], next: FetchPosition['place']): boolean {
  if (from.type === 'file' || next.type === 'file') return false;
  // A further part of the same page.
  if (next.page === from.page && next.cursor === from.cursor) return false;
  return pointsBack(from, next) || (next.cursor !== null && from.circle?.mark === nameOf(next.cursor));
}

/** Whether the server counts the pages behind one token itself: only a page that is the same again, or empty, is the end. */
export function isScroll(plan: SourcePlan, from: FetchPosition['place'], next: FetchPosition['place']): boolean {
  if (!('paginator' in plan) || plan.paginator.type !== 'cursor') return false;
  return from.type === 'http' && next.type === 'http' && from.cursor === next.cursor;
}

/**
 * Notes that a scroll may have missed a page: what an attempt before this one asked for and did not keep does not come again.
 * @param next null = the page was the last one
 */
export function withMissedScroll(
  plan: SourcePlan,
  from: FetchPosition['place'],
  next: PagePosition | null,
  position: FetchPosition,
): FetchPosition {
  const { place } = position;
  if (from.type !== 'http' || place.type !== 'http') return position;
  const isOne = next === null ? from.values?.scroll === true : isScroll(plan, from, next);
  return isOne ? { ...position, place: { ...place, values: { ...place.values, unproved: scrollMissed } } } : position;
}

const scrollMissed =
  'an attempt before may have asked for a page of the scroll that was not kept, and the server does not give it again';

function pointsBack(from: HttpPosition | ModulePosition, next: HttpPosition | ModulePosition): boolean {
  return next.cursor !== null && next.cursor === from.cursor && next.page !== from.page;
}

/** A short name of a page that is named by a token or an address. */
export function nameOf(cursor: string): string {
  return digestOf('sha256', cursor, 'base64url').slice(0, 22);
}
