import { compileFinder } from '../../domain/expression.ts';
import type { PaginatorPlan } from '../../domain/plan-parts.ts';

/** What a page tells about the one after it. */
export interface PageFacts {
  /** Number of the page just read. */
  readonly page: number;
  readonly records: number;
  /** The parsed page. */
  readonly value: unknown;
}

/** The number of the next page, or null where the page was the last one. */
export function nextPage(paginator: PaginatorPlan, { page, records, value }: PageFacts): number | null {
  if (paginator.type === 'single_page') return null;
  if (records === 0 && paginator.stopAfterEmptyPage) return null;
  if (paginator.hasMorePath !== null && !isTrue(compileFinder(paginator.hasMorePath)(value))) return null;
  if (paginator.totalPath !== null) {
    const total = Number(compileFinder(paginator.totalPath)(value));
    if (Number.isFinite(total) && page - paginator.basePage + 1 >= total) return null;
  }
  return page + 1;
}

function isTrue(value: unknown): boolean {
  if (typeof value === 'string') return !['', 'false', '0', 'no'].includes(value.toLowerCase());
  return Boolean(value);
}
