import { hash as digestOf } from 'node:crypto';
import type { HttpPlan } from '../../domain/plan/source-plan.ts';
import type { HttpPosition } from '../../domain/state/fetch-position.ts';
import type { CheckedWithDays } from '../extraction/checked-page.ts';
import type { Page } from '../extraction/page.ts';
import { firstPage } from './first-page.ts';
import { marksOf, stepOf, withoutKnown } from './overlap.ts';

/** Pages whose records are remembered, and how many pages are read once more if more was deleted than one page holds. */
const rememberedPages = 6;
const maxStepsBack = 4;

/** Of a page that is read again, what was not read before. */
export interface ReadAgain {
  /** Null = nothing. */
  readonly page: Page | null;
  /** More was deleted than a page holds: the one before it must be read again too. */
  readonly leadsBack: boolean;
}

/**
 * Pages that shift while they are read: where records are deleted, others move from a page that was not read to one that was. So
 * after each page the one before it is read once more.
 */
export class ShiftingPages {
  readonly #plan: HttpPlan;
  readonly #marks: ReadonlySet<string>[] = [];

  constructor(plan: HttpPlan) {
    this.#plan = plan;
  }

  /** The pages that are read again after one, the nearest first. */
  before(place: HttpPosition): HttpPosition[] {
    const { paginator } = this.#plan;
    const step = isShifting(this.#plan, place) ? stepOf(this.#plan, place) : null;
    if (step === null || place.skip > 0) return [];
    const first = firstPage(paginator).page;
    const { doubtful: _doubtful, ...plain } = place;
    const pages = Array.from({ length: maxStepsBack }, (_, number) => place.page - (number + 1) * step);
    return pages.filter((page) => page >= first).map((page) => ({ ...plain, page }));
  }

  /** Whether there are pages before one; a poll that continues knows too little to say that they were not read. */
  mayLeadBack({ page }: HttpPosition): boolean {
    return page > firstPage(this.#plan.paginator).page && this.#marks.length > maxStepsBack;
  }

  /** Remembers the records of a page. */
  remember({ checked }: Page): void {
    if (!checked) return;
    this.#marks.push(new Set(marksOf(checked)));
    if (this.#marks.length > rememberedPages) this.#marks.shift();
  }

  /** What is new on a page that was read again. */
  newOn(page: Page): ReadAgain {
    const { checked } = page;
    // Items that name pages of their own are told apart by the sinks.
    if (!checked)
      return { page: page.items.length === 0 ? null : asAddition(page), leadsBack: page.items.length === 0 };
    const known = new Set(this.#marks.flatMap((marks) => [...marks]));
    const [first] = marksOf(checked);
    const left = withoutKnown(checked, known);
    this.remember(page);
    // A poll that continues knows none of them.
    const leadsBack = first === undefined || !known.has(first);
    if (left.fetched === 0) return { page: null, leadsBack };
    return { page: asAddition({ ...page, checked: { ...left, hash: hashOf(left) } }), leadsBack };
  }
}

/** Pages that begin with the last record of the one before show themselves whether they follow it. */
function isShifting({ paginator }: HttpPlan, { overlaps }: HttpPosition): boolean {
  if (paginator.type === 'page_number') return paginator.shifting === true;
  return paginator.type === 'offset' && paginator.shifting === true && overlaps === false;
}

function asAddition(page: Page): Page {
  const { end: _end, warning: _warning, ...rest } = page;
  return { ...rest, counts: false, readAgain: true, warnings: [], fields: {}, patch: {} };
}

function hashOf(checked: CheckedWithDays): string {
  return digestOf('sha256', marksOf(checked).join(), 'hex');
}
