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
    const total = countOf(compileFinder(paginator.totalPath)(value));
    if (total !== null && page - paginator.basePage + 1 >= total) return null;
  }
  return page + 1;
}

/** A number, or a text that is one; where the page does not say, an empty page will. */
function countOf(value: unknown): number | null {
  if (typeof value === 'string' && value.trim() === '') return null;
  const count = typeof value === 'number' || typeof value === 'string' ? Number(value) : Number.NaN;
  return Number.isFinite(count) ? count : null;
}

function isTrue(value: unknown): boolean {
  if (typeof value === 'string') return !['', 'false', '0', 'no'].includes(value.toLowerCase());
  return Boolean(value);
}
