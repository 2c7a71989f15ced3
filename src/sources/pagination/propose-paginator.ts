import { isJsonObject } from '../../formats/exact-json.ts';
import type { PaginatorPlan } from '../../domain/plan/plan-parts.ts';
import type { Warning } from '../../domain/run/warning.ts';
import { lastPart, quoted, textOfValue } from '../proposal/record-fields.ts';
import { nextLink } from './link-header.ts';
import type { PageFacts } from './next-page.ts';

type Headers = Readonly<Record<string, string>>;

/** A paginator as the configuration writes it: its type alone, or its keys. */
export type ProposedPaginator = string | Readonly<Record<string, string>>;

type Field = readonly [path: string, value: unknown];

/** A paginator for what a page says of others; null if it says nothing. */
export function proposePaginator(page: unknown, headers: Headers): ProposedPaginator | null {
  const named = paginatorOfNext(page, headers);
  if (named !== null) return named;
  const fields = fieldsIn(page);
  const cursor = fields.find(([path, value]) => /cursor/i.test(path) && typeof value === 'string' && value !== '');
  if (cursor) return cursorAt(cursor[0]);
  return paginatorOfCount(fields)?.proposed ?? null;
}

/** A paginator for a page that says how many there are; null if there is but one, or this is the last. */
function paginatorOfCount(fields: readonly Field[]): { proposed: ProposedPaginator; pages: number } | null {
  const pages = fields.find(
    ([path, value]) => /(?:total|num|page)[._-]?(?:pages|count)$|^pages$/i.test(lastPart(path)) && Number(value) > 1,
  );
  if (!pages || !/pages/i.test(pages[0])) return null;
  const isLast = fields.some(
    ([path, value]) => /^(?:current[._-]?)?page$/i.test(lastPart(path)) && Number(value) >= Number(pages[1]),
  );
  return isLast ? null : { proposed: { type: 'page_number', total_path: pages[0] }, pages: Number(pages[1]) };
}

/** Warns of a source without a paginator whose response refers to other pages. `max_pages: 1` says that one page is meant. */
export function missedPages(paginator: PaginatorPlan, facts: PageFacts): Warning[] {
  if (paginator.type !== 'single_page' || paginator.maxPages === 1) return [];
  const { value: page, headers, records } = facts;
  const named = paginatorOfNext(page, headers);
  const counted = named === null ? paginatorOfCount(fieldsIn(page)) : null;
  const total = named === null && counted === null ? statedTotal(facts) : null;
  const byOffset = total && { type: 'offset', limit: String(records), total_path: total.path };
  const proposed = named ?? counted?.proposed ?? byOffset;
  if (proposed === null) return [];
  const says = total
    ? `has ${records} records and says that there are ${total.count}`
    : counted === null
      ? 'names a next page'
      : `says that there are ${counted.pages} pages`;
  const message = `the response ${says}, but the source has no paginator: add \`paginator: ${written(proposed)}\`; to read only one page, \`paginator: { type: single_page, max_pages: 1 }\``;
  return [{ code: 'paginator_proposed', message, count: 1 }];
}

const totalKey =
  /(?:^|\.)(?:total(?:[._-]?(?:results|records|items|count|hits|rows|features|elements|entries))?|(?:total|count)\.value|numFound|numberMatched|recordsTotal)$/i;

/** How many records there are by what a page says, where that is more than it has. */
export function statedTotal({
  value,
  records,
}: Pick<PageFacts, 'value' | 'records'>): { path: string; count: number } | null {
  if (records === 0) return null;
  const totals = fieldsIn(value).flatMap(([path, count]) =>
    typeof count === 'number' && Number.isSafeInteger(count) && totalKey.test(bare(path)) && !path.startsWith('_')
      ? [{ path, count }]
      : [],
  );
  return totals.length === 1 && totals[0] && totals[0].count > records ? totals[0] : null;
}

const linkKey = /(?:^|[._-])next(?:[._-]?(?:page|url|uri|link|href))*$/i;
const linkText = /^(?:https?:|\/|\?)|^[^\s?]*\?[^\s=]+=/;
const tokenKey = /(?:^|[._-])next(?:[._-]?(?:page|token|cursor|offset|key|marker))*$/i;
const moreKey = /^(?:has|is)[._-]?(?:more|next)(?:[._-]?(?:page|pages|items|results|records))?$/i;

/** A paginator that follows what a page says of the next one; null if it names none. */
function paginatorOfNext(page: unknown, headers: Headers): ProposedPaginator | null {
  if (nextLink(headers['link']) !== null) return 'header_link';
  const fields = fieldsIn(page);
  const link = fields.find(([path, value]) => linkKey.test(bare(path)) && isText(value, linkText));
  if (link) return { type: 'json_link', next_url_path: link[0] };
  const token = fields.find(([path, value]) => tokenKey.test(bare(path)) && isToken(value));
  if (token) return cursorAt(token[0]);
  const more = fields.find(([path, value]) => moreKey.test(lastPart(path)) && value === true);
  if (!more) return null;
  const cursor = fields.find(([path, value]) => /cursor/i.test(lastPart(path)) && isToken(value));
  const counted = cursor ? cursorAt(cursor[0]) : { type: 'page_number' };
  return { ...counted, has_more_path: more[0] };
}

/** An object with more members is a map of records, and a longer path no key of an API. */
const maxMembers = 100;
const maxPath = 100;
const maxDepth = 3;

/** The part of a page beside its records: it is searched for each page, so large parts are skipped. */
function fieldsIn(page: unknown, prefix = '', depth = 0): Field[] {
  if (!isJsonObject(page)) return [];
  const members = Object.entries(page);
  if (members.length > maxMembers) return [];
  return members.flatMap(([key, value]): Field[] => {
    const path = prefix + quoted(key);
    if (path.length > maxPath) return [];
    if (isJsonObject(value)) return depth < maxDepth ? fieldsIn(value, `${path}.`, depth + 1) : [];
    return value === null || Array.isArray(value) ? [] : [[path, value]];
  });
}

function cursorAt(path: string): { type: string; cursor_path: string; cursor_param: string } {
  const name = lastPart(path).replace(/^next[._-]?/i, '');
  const param = name.charAt(0).toLowerCase() + name.slice(1);
  return { type: 'cursor', cursor_path: path, cursor_param: param || 'cursor' };
}

/** A path without quotes. */
function bare(path: string): string {
  return path.replaceAll('"', '');
}

function isText(value: unknown, pattern: RegExp): boolean {
  return typeof value === 'string' && pattern.test(value);
}

/** Null, false, zero and an empty text end a list. */
function isToken(value: unknown): boolean {
  if (typeof value === 'boolean' || typeof value === 'object') return false;
  const text = textOfValue(value);
  return text !== '' && text !== '0';
}

function written(paginator: ProposedPaginator): string {
  if (typeof paginator === 'string') return paginator;
  const keys = Object.entries(paginator).map(
    ([key, value]) => `${key}: ${/^[\w.]+$/.test(value) ? value : `'${value}'`}`,
  );
  return `{ ${keys.join(', ')} }`;
}
