import type { OffsetPlan, PaginatorPlan } from '../../domain/plan/plan-parts.ts';

/** What names the first page of a source. */
export function firstPage(paginator: PaginatorPlan): {
  readonly page: number;
  readonly cursor: null;
  readonly skip: 0;
} {
  return { page: paginator.type === 'page_number' ? paginator.basePage : 0, cursor: null, skip: 0 };
}

/** The offset of a page as its request has it. */
export function offsetAt({ baseOffset = 0 }: OffsetPlan, { page }: { readonly page: number }): number {
  return page + baseOffset;
}
