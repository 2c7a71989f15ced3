import { hash as digestOf } from 'node:crypto';
import type { FetchPosition, HttpPosition } from '../../domain/state/fetch-position.ts';
import type { OffsetPlan } from '../../domain/plan/plan-parts.ts';
import type { HttpPlan, SourcePlan } from '../../domain/plan/source-plan.ts';
import type { CheckedWithDays, ShapedPage } from '../extraction/checked-page.ts';

/** How many records the next page must repeat to show that it follows. */
const tailLength = 8;

/** How often a poll may step back without progress, and how often it may start again: beyond that the API has no stable order. */
const maxSteps = 12;
const maxRestarts = 3;

/** Whether pages can be asked for so that each begins with the last record of the one before. */
function offsetOf(plan: SourcePlan): OffsetPlan | null {
  if (plan.type === 'file' || plan.type === 'module' || plan.paginator.type !== 'offset') return null;
  // An item of a page that is known is not read again, so nothing tells which it is.
  if (plan.type === 'html' && plan.detail) return null;
  const { nextOffsetPath, nextOffsetHeader, limit } = plan.paginator;
  if (nextOffsetPath !== undefined || nextOffsetHeader !== undefined) return null;
  return limit > 1 ? plan.paginator : null;
}

/** How far apart pages are that are counted; null if they are not. */
export function stepOf(plan: HttpPlan, { overlaps }: HttpPosition): number | null {
  const { paginator } = plan;
  if (paginator.type === 'page_number') return 1;
  if (paginator.type !== 'offset') return null;
  if (paginator.nextOffsetPath !== undefined || paginator.nextOffsetHeader !== undefined) return null;
  return overlaps !== false && offsetOf(plan) ? paginator.limit - 1 : paginator.limit;
}

/**
 * The next page, asked for one record early. Behind a page of one record it is not: an API that gives just one at a time would give
 * that forever. Behind one with the last record of the page before and nothing else, most likely, nothing comes.
 */
export function asOverlapping(plan: HttpPlan, place: HttpPosition, next: HttpPosition, records: number): HttpPosition {
  if (!offsetOf(plan)) return next;
  if (place.overlaps === false) return { ...next, overlaps: false };
  if (records > 1) return { ...next, page: next.page - 1, overlaps: true };
  return records === 1 && place.overlaps === true ? { ...next, doubtful: true } : next;
}

/** Whether a page may be refused because it begins elsewhere than at a multiple of the limit. */
export function refusesOverlap({ overlaps }: HttpPosition, status: number): boolean {
  return overlaps === true && (status === 400 || status === 422);
}

/** How a page relates to those before it. */
export type Continuation =
  | {
      /** The page without what was read before. */
      readonly checked: CheckedWithDays;
      /** Remembers its last records. */
      readonly position: FetchPosition;
      /** Later pages cannot be requested so that they overlap. */
      readonly endsOverlap?: true;
    }
  /** It does not follow: records were deleted, or many were inserted. The poll continues there. */
  | { readonly elsewhere: FetchPosition };

/** @param comesAgain whether this poll has already read the same page */
export function continuationOf(
  plan: SourcePlan,
  position: FetchPosition,
  checked: CheckedWithDays,
  comesAgain: boolean,
): Continuation {
  const offset = offsetOf(plan);
  const { place } = position;
  if (!offset || place.type !== 'http' || place.overlaps === false) return { checked, position };
  const { tail = [], breaks = { steps: 0, restarts: 0, reached: -1 } } = place;
  const known = new Set(tail);
  const marks = marksOf(checked);
  const isKnown = marks.some((mark) => known.has(mark));
  const mustFollow = place.overlaps === true && place.skip === 0 && tail.length > 0;
  const at = (more: Partial<HttpPosition>): FetchPosition => ({ ...position, place: { ...place, ...more } });
  // A page that is read again on purpose has the same ids.
  const { overlaps, probes, sameIds: _ids, ...plain } = place;
  const elsewhere = (other: HttpPosition): Continuation => {
    return { elsewhere: { ...position, pages: position.pages + 1, place: other } };
  };
  if (mustFollow && isKnown && comesAgain && isSecond(place)) {
    // As many were inserted as a page has, or the API gives pages that begin at a multiple of the limit only.
    const page = place.page + 1;
    return elsewhere(probes === true ? { ...plain, page, overlaps: false } : { ...plain, page, probes: true });
  }
  if (probes === true && overlaps !== true && !isKnown) {
    return elsewhere({ ...plain, page: place.page - 1, overlaps: true, probes });
  }
  if (mustFollow && !isKnown) {
    const { steps, restarts } = breaks;
    if (steps >= maxSteps || restarts >= maxRestarts) return { checked, position: at({ tail: [] }), endsOverlap: true };
    if (place.page > 0) {
      const page = Math.max(0, place.page - (offset.limit - 1) * 2 ** steps);
      return elsewhere({ ...plain, page, skip: 0, overlaps: true, breaks: { ...breaks, steps: steps + 1 } });
    }
    const newTail = marks.slice(-tailLength);
    return { checked, position: at({ tail: newTail, breaks: { ...breaks, steps: 0, restarts: restarts + 1 } }) };
  }
  const isFurther = isKnown && place.page > breaks.reached;
  const kept = [...tail.filter((mark) => !marks.includes(mark)), ...marks].slice(-tailLength);
  const now = at({ tail: kept, breaks: isFurther ? { ...breaks, steps: 0, reached: place.page } : breaks });
  return { checked: isKnown ? withoutKnown(checked, known) : checked, position: now };
}

/** The page after the first, for the first time. */
function isSecond({ distinct = 0, repeated = 0, breaks }: HttpPosition): boolean {
  return distinct <= 1 && repeated === 0 && (breaks?.steps ?? 0) === 0;
}

/** The place that is asked for plainly from here on. */
export function withoutOverlap(position: FetchPosition): FetchPosition {
  const { place } = position;
  if (place.type !== 'http') return position;
  const { tail: _tail, breaks: _breaks, ...rest } = place;
  const page = place.overlaps === true ? place.page + 1 : place.page;
  return { ...position, place: { ...rest, page, overlaps: false } };
}

/** Marks of the records of a page, in its order. */
export function marksOf({ valid, deadLetters, shaped }: CheckedWithDays): string[] {
  if (shaped) return shaped.sent.map(([, mark]) => markOfText(mark));
  const all = [
    ...valid.map((record) => ({ index: record.index, mark: markOf(record) })),
    ...deadLetters.map((letter) => ({ index: letter.index, mark: markOfText(letter.recordText) })),
  ];
  return all.toSorted((a, b) => a.index - b.index).map(({ mark }) => mark);
}

/** The page without what was read before. */
export function withoutKnown(checked: CheckedWithDays, known: ReadonlySet<string>): CheckedWithDays {
  if (checked.shaped) return withoutSent(checked, checked.shaped, known);
  const valid = checked.valid.filter((record) => !known.has(markOf(record)));
  const deadLetters = checked.deadLetters.filter(({ recordText }) => !known.has(markOfText(recordText)));
  const left = checked.valid.length - valid.length + checked.deadLetters.length - deadLetters.length;
  const digests = new Set(valid.map(({ mark }) => mark));
  return {
    ...checked,
    valid,
    deadLetters,
    fetched: checked.fetched - left,
    digests: checked.digests.filter((digest) => digests.has(digest)),
  };
}

/** The same for records that were shaped: by what the source sent. */
function withoutSent(checked: CheckedWithDays, shaped: ShapedPage, known: ReadonlySet<string>): CheckedWithDays {
  const gone = new Set(shaped.sent.flatMap(([index, mark]) => (known.has(markOfText(mark)) ? [index] : [])));
  const isLeft = ({ index }: { readonly index: number }) => !gone.has(index);
  const [valid, deadLetters, filtered] = [
    checked.valid.filter(isLeft),
    checked.deadLetters.filter(isLeft),
    shaped.filtered.filter(isLeft),
  ];
  const digests = new Set([...valid, ...filtered].map(({ mark }) => mark));
  return {
    ...checked,
    valid,
    deadLetters,
    fetched: valid.length + deadLetters.length + filtered.length,
    digests: checked.digests.filter((digest) => digests.has(digest)),
    shaped: { ...shaped, filtered, sent: shaped.sent.filter(([index]) => !gone.has(index)) },
  };
}

function markOf({ record }: CheckedWithDays['valid'][number]): string {
  return markOfText(`${record.sourceId}\n${record.payload}`);
}

function markOfText(text: string): string {
  return digestOf('sha256', text, 'base64url').slice(0, 11);
}
