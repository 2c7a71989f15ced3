import type { HttpPlace } from '../../domain/fetch.ts';
import type { HttpPlan } from '../../domain/source.ts';
import { parseIso8601, type Micros } from '../../domain/time.ts';
import { formatParameter } from '../extraction/parameter-time.ts';

/** The address of a page, and whether the source itself gave it. */
export interface PageAddress {
  readonly url: URL;
  readonly followed: boolean;
}

/** Paginators whose cursor is an address. */
const linked: ReadonlySet<string> = new Set(['json_link', 'header_link', 'html_link']);

/** The address of the page at a place. A link that the source gave is taken as it is. */
export function pageAddress(plan: HttpPlan, place: HttpPlace): PageAddress {
  const { paginator, incremental } = plan;
  if (place.cursor !== null && linked.has(paginator.type)) return { url: new URL(place.cursor), followed: true };
  const url = new URL(plan.url);
  const set = (name: string, value: string) => url.searchParams.set(name, value);
  for (const [name, value] of Object.entries(plan.params)) set(name, value);
  const since = readTime(place.since);
  if (incremental && incremental.startParam !== null && since !== null) {
    set(incremental.startParam, formatParameter(since, incremental.format));
  }
  const until = readTime(place.until ?? null);
  if (incremental && incremental.endParam !== null && until !== null) {
    set(incremental.endParam, formatParameter(until, incremental.format));
  }
  if (paginator.type === 'page_number') set(paginator.pageParam, String(place.page));
  if (paginator.type === 'cursor' && place.cursor !== null) set(paginator.cursorParam, place.cursor);
  if (paginator.type === 'offset') {
    set(paginator.offsetParam, String(place.page));
    set(paginator.limitParam, String(paginator.limit));
  }
  return { url, followed: false };
}

export function readTime(text: string | null): Micros | null {
  const time = text === null ? null : parseIso8601(text);
  return time?.ok === true ? time.micros : null;
}
