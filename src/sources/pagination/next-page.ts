import type { CheerioAPI } from 'cheerio';
import { WrongShape } from '../../domain/errors.ts';
import { truncate } from '../../domain/secrets/redact.ts';
import { withoutNamespaces } from '../../formats/css-namespaces.ts';
import { compileFinder } from '../../formats/jmespath/jmespath.ts';

import { ExactNumber, writeDeepJson } from '../../formats/exact-json.ts';
import type { OffsetPlan, PageNumberPlan, PaginatorLimits, PaginatorPlan } from '../../domain/plan/plan-parts.ts';
import type { ReadPage } from '../extraction/document-format.ts';
import type { PageItem } from '../extraction/page.ts';
import type { HttpResponse } from '../http/http-client.ts';
import { boundedJson, cursorOfRecord, isNothing, lastValues } from './last-record.ts';
import { rawAddress } from '../http/raw-query.ts';
import { baseAddress } from '../html/base-address.ts';
import { nextLink } from './link-header.ts';
import type { NextPage } from '../../domain/state/fetch-position.ts';

/** What a page says about the next one. */
export interface PageFacts {
  readonly records: number;
  /** The parsed page; undefined if it is not one. */
  readonly value: unknown;
  /** The page as HTML, where it is such. */
  readonly html: CheerioAPI | null;
  /** It is XML: an address may be the text of an element. @default false */
  readonly xml?: boolean;
  readonly headers: Readonly<Record<string, string>>;
  /** Where the page came from: relative links start there. */
  readonly url: string;
  /** What it has; absent where nothing of a record is asked for. */
  readonly items?: readonly PageItem[];
}

/** What a response says, as read by its format. */
export function factsOf({ items, value, html, xml = false }: ReadPage, { headers, url }: HttpResponse): PageFacts {
  return { records: items.length, value, html: html ?? null, headers, url, items, ...(xml ? { xml } : {}) };
}

/** The records of a page as the source sent them, without those that could not be read. */
export function rawRecords({ items = [] }: Pick<PageFacts, 'items'>): unknown[] {
  return items.flatMap((item) => ('raw' in item ? [item.raw.value] : []));
}

/**
 * The next page, or null if the page was the last one.
 * @throws WrongShape if the link to it is invalid, or if the paginator expects another format than the page has: the rest would be
 * missed silently
 */
export function nextPage(paginator: PaginatorPlan, place: NextPage, facts: PageFacts): NextPage | null {
  const next = plainNextPage(paginator, place, facts);
  return next && withValues(paginator, place, next, facts);
}

/** Whether the page says that no other follows. */
export function saysNoMore({ hasMorePath }: PaginatorLimits, { value }: PageFacts): boolean {
  return hasMorePath !== null && !isTrue(compileFinder(hasMorePath)(value));
}

function plainNextPage(paginator: PaginatorPlan, place: NextPage, facts: PageFacts): NextPage | null {
  if (paginator.type === 'single_page') return null;
  const isEmpty = facts.records === 0;
  if (isEmpty && paginator.stopAfterEmptyPage && paginator.followsEmptyPages !== true) return null;
  const misfit = misfitOf(paginator, facts);
  if (misfit !== null) throw new WrongShape(`paginator: found ${misfit}`);
  if (saysNoMore(paginator, facts)) return tokenOfLast(paginator, place, facts);
  switch (paginator.type) {
    case 'page_number': {
      const next = { page: place.page + 1, cursor: null };
      return counted(paginator, place, facts, place.page - paginator.basePage + 1, next);
    }
    case 'offset': {
      if (paginator.nextOffsetPath !== undefined || paginator.nextOffsetHeader !== undefined) {
        return givenOffset(paginator, place, facts);
      }
      // Some APIs give fewer than asked for; what they gave is what was read.
      const next = place.page + (isEmpty ? paginator.limit : facts.records);
      return counted(paginator, place, facts, isEmpty ? place.page : next, { page: next, cursor: null });
    }
    case 'cursor': {
      const { cursorPath, cursorHeader = '' } = paginator;
      if (cursorPath === null) return followToken(place, tokenIn(facts.headers[cursorHeader.toLowerCase()]), facts);
      const found = compileFinder(cursorPath)(facts.value);
      if (paginator.cursorParam === null && !isNothing(found) && typeof found !== 'string') {
        const following = followToken(place, boundedJson(`cursor_path "${cursorPath}"`, found), facts);
        return following && { ...following, values: { ...place.values, jsonCursor: true } };
      }
      return followToken(place, cursorText(cursorPath, found), facts);
    }
    case 'keyset': {
      const last = lastRecord(facts);
      if (isEmpty) return null;
      if (last === undefined) throw unreadLast(`key "${paginator.key}"`);
      const cursor = cursorOfRecord(paginator, last);
      if (cursor !== null) return follow(place, cursor);
      throw new WrongShape(
        `paginator: key "${paginator.key}" has no value in the last record of the page, expected one`,
      );
    }
    case 'json_link': {
      const found = compileFinder(paginator.nextUrlPath)(facts.value);
      return follow(place, address(`next_url_path "${paginator.nextUrlPath}"`, found, facts.url), facts.url);
    }
    case 'header_link':
      return follow(place, address('the header Link', nextLink(facts.headers['link']), facts.url), facts.url);
    case 'html_link': {
      const href = linkIn(facts, paginator.selector);
      // Disabled buttons are written this way.
      if (href !== undefined && /^\s*javascript:/i.test(href)) return null;
      return follow(place, address(`selector "${paginator.selector}"`, href, baseOf(facts)), facts.url);
    }
  }
}

/** The token that the last page gives for the next poll; one that is the same or missing leaves the poll at its own. */
function tokenOfLast(paginator: PaginatorPlan, place: NextPage, facts: PageFacts): NextPage | null {
  if (paginator.resume !== 'token') return null;
  const next = plainNextPage({ ...paginator, hasMorePath: null }, place, facts);
  return next === null || next.cursor === place.cursor ? null : { ...next, forNextPoll: true };
}

/** Adds what the next request names of the last record. */
function withValues(paginator: PaginatorPlan, { values }: NextPage, next: NextPage, facts: PageFacts): NextPage {
  const { lastPaths = [] } = paginator;
  if (lastPaths.length === 0 && values?.jsonCursor !== true) return next;
  const last = lastRecord(facts);
  if (last === undefined && facts.records > 0 && lastPaths.length > 0) throw unreadLast(`\${last:${lastPaths[0]}}`);
  const { jsonCursor: _before, ...kept } = { ...values, ...next.values };
  return {
    ...next,
    values: {
      ...kept,
      ...(last === undefined ? {} : { last: lastValues(paginator, last) }),
      ...(next.values?.jsonCursor ? { jsonCursor: true } : {}),
    },
  };
}

function lastRecord({ items = [] }: PageFacts): unknown {
  const last = items.findLast((item) => 'raw' in item);
  return last && 'raw' in last ? last.raw.value : undefined;
}

/** To continue without the record would end the poll, or repeat a page. */
function unreadLast(where: string): WrongShape {
  return new WrongShape(
    `paginator: ${where} is read from the last record of a page, but none of this page can be read by then; for CSV and JSON lines use page_number, offset, header_link or cursor_header`,
  );
}

/**
 * The page after one that is counted. A total that cannot be right says nothing: then one more page is asked, which may be
 * refused.
 * @param read pages or records, by what the total counts
 */
function counted(
  { totalPath, totalHeader, hasMorePath, followsEmptyPages }: PageNumberPlan | OffsetPlan,
  { total: before = 0 }: NextPage,
  { records, value, headers }: PageFacts,
  read: number,
  next: NextPage,
): NextPage | null {
  const total = totalHeader === undefined ? totalOf(totalPath, value) : countOf(headers[totalHeader.toLowerCase()]);
  const isEmpty = records === 0;
  const known = total === null || total <= before ? before : total;
  const following = { ...next, ...(known > 0 ? { total: known } : {}) };
  if (total === null) return isEmpty && followsEmptyPages === true && hasMorePath === null ? null : following;
  if (total > read) return following;
  const isHint = (total === 0 && records > 0) || total < read || total < before;
  return isHint && !isEmpty ? { ...following, doubtful: true } : null;
}

/** The offset that a page gives for the next one; one that leads no further is the end. */
function givenOffset(paginator: OffsetPlan, place: NextPage, { value, headers }: PageFacts): NextPage | null {
  const { nextOffsetPath, nextOffsetHeader = '' } = paginator;
  const path = nextOffsetPath ?? null;
  const found = path === null ? headers[nextOffsetHeader.toLowerCase()] : compileFinder(path)(value);
  if (isNothing(found)) return null;
  const offset = countOf(found);
  const where = path === null ? `the header ${nextOffsetHeader}` : `next_offset_path "${path}"`;
  const { baseOffset = 0 } = paginator;
  if (offset === null || !Number.isSafeInteger(offset) || offset < 0) {
    throw unfollowable(where, found, 'a whole number');
  }
  return offset - baseOffset > place.page ? { page: offset - baseOffset, cursor: null } : null;
}

function misfitOf(paginator: Exclude<PaginatorPlan, { type: 'single_page' }>, facts: PageFacts): string | null {
  if (facts.records === 0) return null;
  if (facts.html === null && paginator.type === 'html_link') {
    return 'html_link and a page that is not HTML, expected e.g. json_link, cursor or header_link';
  }
  if (facts.value !== undefined) return null;
  const readsJson = (paginator.type === 'cursor' && paginator.cursorPath !== null) || paginator.type === 'json_link';
  if (!readsJson && paginator.hasMorePath === null) return null;
  const key = readsJson ? paginator.type : 'has_more_path';
  return `${key} and a page that is not JSON, expected e.g. html_link, header_link or page_number`;
}

/** A page that names itself as the next one is the last. */
function follow(place: NextPage, cursor: string | null, self: string | null = null): NextPage | null {
  return cursor === null || cursor === (place.cursor ?? self) ? null : { page: place.page + 1, cursor };
}

/**
 * A token that leads on although it is the one that this page was requested with: the server counts the pages itself (scroll). A page
 * without records ends that, and one that is the same again.
 */
function followToken(place: NextPage, cursor: string | null, { records }: PageFacts): NextPage | null {
  const isScroll = cursor !== null && cursor === place.cursor && place.page > 0 && records > 0;
  return isScroll ? { page: place.page + 1, cursor, values: { ...place.values, scroll: true } } : follow(place, cursor);
}

/** A token in a header; some APIs write `null` after the last page. */
function tokenIn(header: string | undefined): string | null {
  const token = header?.trim() ?? '';
  return token === '' || token === 'null' ? null : token;
}

function cursorText(path: string, value: unknown): string | null {
  if (isNothing(value)) return null;
  if (typeof value === 'string') return value;
  if (value instanceof ExactNumber) return value.text;
  if (typeof value === 'number') return String(value);
  throw unfollowable(`cursor_path "${path}"`, value, 'a text or a number');
}

/** An address as it is written, made absolute. */
function address(where: string, value: unknown, base: string): string | null {
  if (isNothing(value)) return null;
  const text = typeof value === 'string' ? value.trim() : null;
  const url = text !== null && URL.canParse(text, base) ? new URL(text, base) : null;
  if (text !== null && url && /^https?:$/.test(url.protocol)) return rawAddress(text, url);
  throw unfollowable(where, value, 'an address, http or https');
}

function unfollowable(where: string, value: unknown, expected: string): WrongShape {
  return new WrongShape(
    `paginator: ${where} leads to ${truncate(writeDeepJson(value), 200)}, expected ${expected}, or null`,
  );
}

function linkIn({ html, xml }: PageFacts, selector: string): string | undefined {
  const element = html?.(withoutNamespaces(selector)).first();
  return element?.attr('href') ?? (xml ? element?.text() : undefined);
}

function baseOf({ html, xml, url }: PageFacts): string {
  return html && !xml ? baseAddress(html, url) : url;
}

/** A number, or a text that is one; where the page does not say, an empty page will. */
function totalOf(path: string | null, page: unknown): number | null {
  if (path === null) return null;
  return countOf(compileFinder(path)(page));
}

function countOf(value: unknown): number | null {
  if (typeof value === 'string' && value.trim() === '') return null;
  const count = typeof value === 'number' || typeof value === 'string' ? Number(value) : Number.NaN;
  return Number.isFinite(count) ? count : null;
}

function isTrue(value: unknown): boolean {
  if (typeof value === 'string') return !['', 'false', '0', 'no'].includes(value.toLowerCase());
  return Boolean(value);
}
