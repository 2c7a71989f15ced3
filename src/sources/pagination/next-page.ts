import type { CheerioAPI } from 'cheerio';
import { WrongShape } from '../../domain/errors.ts';
import { compileFinder } from '../../domain/expression.ts';
import type { HttpPlace } from '../../domain/fetch.ts';
import { ExactNumber } from '../../domain/json.ts';
import type { PaginatorPlan } from '../../domain/plan-parts.ts';
import { nextLink } from './link-header.ts';

/** What a page tells about the one after it. */
export interface PageFacts {
  readonly records: number;
  /** The parsed page; undefined where it is none. */
  readonly value: unknown;
  /** The page as HTML, where it is such. */
  readonly html: CheerioAPI | null;
  readonly headers: Readonly<Record<string, string>>;
  /** Where the page came from: relative links start there. */
  readonly url: string;
}

/** How the next page is named. */
export type NextPage = Pick<HttpPlace, 'page' | 'cursor'>;

/**
 * The next page, or null where the page was the last one.
 * @throws WrongShape where the paginator reads another format than the page has: what follows would be missed without a word
 */
export function nextPage(paginator: PaginatorPlan, place: NextPage, facts: PageFacts): NextPage | null {
  if (paginator.type === 'single_page') return null;
  if (facts.records === 0 && paginator.stopAfterEmptyPage) return null;
  const misfit = misfitOf(paginator, facts);
  if (misfit !== null) throw new WrongShape(`paginator: found ${misfit}`);
  if (paginator.hasMorePath !== null && !isTrue(compileFinder(paginator.hasMorePath)(facts.value))) return null;
  switch (paginator.type) {
    case 'page_number': {
      const total = totalOf(paginator.totalPath, facts.value);
      const read = place.page - paginator.basePage + 1;
      return total !== null && read >= total ? null : { page: place.page + 1, cursor: null };
    }
    case 'offset': {
      const total = totalOf(paginator.totalPath, facts.value);
      // Some APIs give fewer than asked for; what they gave is what was read.
      const read = place.page + (facts.records > 0 ? facts.records : paginator.limit);
      return total !== null && read >= total ? null : { page: read, cursor: null };
    }
    case 'cursor':
      return follow(place, cursorText(compileFinder(paginator.cursorPath)(facts.value)));
    case 'json_link':
      return follow(place, address(compileFinder(paginator.nextUrlPath)(facts.value), facts.url));
    case 'header_link':
      return follow(place, address(nextLink(facts.headers['link']), facts.url));
    case 'html_link': {
      const href = facts.html?.(paginator.selector).first().attr('href');
      return follow(place, address(href, baseOf(facts)));
    }
  }
}

function misfitOf(paginator: Exclude<PaginatorPlan, { type: 'single_page' }>, facts: PageFacts): string | null {
  if (facts.records === 0) return null;
  if (facts.html === null && paginator.type === 'html_link') {
    return 'html_link and a page that is no HTML, expected such as json_link, cursor or header_link';
  }
  if (facts.value !== undefined) return null;
  const readsJson = paginator.type === 'cursor' || paginator.type === 'json_link';
  if (!readsJson && paginator.hasMorePath === null) return null;
  const key = readsJson ? paginator.type : 'has_more_path';
  return `${key} and a page that is no JSON, expected such as html_link, header_link or page_number`;
}

/** A page that names itself as the next one is the last. */
function follow(place: NextPage, cursor: string | null): NextPage | null {
  return cursor === null || cursor === place.cursor ? null : { page: place.page + 1, cursor };
}

function cursorText(value: unknown): string | null {
  if (typeof value === 'string') return value === '' ? null : value;
  if (value instanceof ExactNumber) return value.text;
  return typeof value === 'number' ? String(value) : null;
}

function address(value: unknown, base: string): string | null {
  if (typeof value !== 'string' || value.trim() === '' || !URL.canParse(value.trim(), base)) return null;
  const url = new URL(value.trim(), base);
  url.hash = '';
  return /^https?:$/.test(url.protocol) ? url.href : null;
}

function baseOf({ html, url }: PageFacts): string {
  const href = html?.('base[href]').first().attr('href');
  return href !== undefined && URL.canParse(href, url) ? new URL(href, url).href : url;
}

/** A number, or a text that is one; where the page does not say, an empty page will. */
function totalOf(path: string | null, page: unknown): number | null {
  if (path === null) return null;
  const value = compileFinder(path)(page);
  if (typeof value === 'string' && value.trim() === '') return null;
  const count = typeof value === 'number' || typeof value === 'string' ? Number(value) : Number.NaN;
  return Number.isFinite(count) ? count : null;
}

function isTrue(value: unknown): boolean {
  if (typeof value === 'string') return !['', 'false', '0', 'no'].includes(value.toLowerCase());
  return Boolean(value);
}
