import type { HttpFormatPlan } from '../../domain/plan/source-plan.ts';
import type { BodyPosition } from '../../domain/state/body-position.ts';
import type { HttpPosition } from '../../domain/state/fetch-position.ts';
import type { HttpResponse } from '../http/http-client.ts';
import { positionAfter } from '../pagination/first-position.ts';
import { nextPage } from '../pagination/next-page.ts';
import { asOverlapping } from '../pagination/overlap.ts';
import { pageAddress } from '../pagination/page-request.ts';
import { nextPart } from '../pagination/poll-parts.ts';

/** Whether headers lead to the next page. */
function readsHeader({ paginator }: HttpFormatPlan): boolean {
  return paginator.type === 'header_link' || (paginator.type === 'cursor' && paginator.cursorPath === null);
}

/** The address or the token of the page after a large body, if its header says it. */
export function linkAfter(
  plan: HttpFormatPlan,
  place: HttpPosition,
  { headers, url }: Pick<HttpResponse, 'headers' | 'url'>,
): string | null {
  if (!readsHeader(plan)) return null;
  return nextPage(plan.paginator, place, { records: 1, value: undefined, html: null, headers, url })?.cursor ?? null;
}

/**
 * The position behind a large body; null if it was the last one.
 * @throws WrongShape if the next request needs a record of the body: they are not read by then
 */
export function afterBody(
  plan: HttpFormatPlan,
  place: HttpPosition,
  { records, link }: BodyPosition,
): HttpPosition | null {
  const { paginator } = plan;
  const { href: url } = pageAddress(plan, place).url;
  const facts = { records, value: undefined, html: null, headers: {}, url };
  const next = readsHeader(plan)
    ? link === null
      ? null
      : { page: place.page + 1, cursor: link }
    : nextPage(paginator, place, facts);
  return next === null ? nextPart(plan, place) : asOverlapping(plan, place, positionAfter(place, next), records);
}
