import { load } from 'cheerio';
import { describe, expect, test } from 'vitest';
import { parseJson } from '../../../src/domain/json.ts';
import type {
  CursorPlan,
  HeaderLinkPlan,
  HtmlLinkPlan,
  JsonLinkPlan,
  OffsetPlan,
  PageNumberPlan,
} from '../../../src/domain/plan-parts.ts';
import { nextPage, type PageFacts } from '../../../src/sources/pagination/next-page.ts';
import { byNumber, httpPlan } from './plans.ts';

const facts = (fields: Partial<PageFacts> = {}): PageFacts => ({
  ...{ records: 10, value: {}, html: null, headers: {}, url: 'https://api.test/list?page=1' },
  ...fields,
});
const next = (paginator: Partial<PageNumberPlan>, page: number, value: unknown = {}, records = 10) =>
  nextPage({ ...byNumber, ...paginator }, { page, cursor: null }, facts({ value, records }))?.page ?? null;

describe('nextPage', () => {
  test('of a single page is none', () => {
    expect(nextPage(httpPlan().paginator, { page: 0, cursor: null }, facts({ value: { total: 5 } }))).toBeNull();
  });

  test('counts on until an empty page', () => {
    expect(next({}, 1)).toBe(2);
    expect(next({}, 7, {}, 0)).toBeNull();
    expect(next({ stopAfterEmptyPage: false }, 7, {}, 0)).toBe(8);
  });

  test.each([
    [1, 1, 3, 2],
    [1, 2, 3, 3],
    [1, 3, 3, null],
    [1, 4, 3, null],
    [0, 1, 3, 2],
    [0, 2, 3, null],
    [1, 1, 1, null],
    [1, 1, '2', 2],
  ])('from page %i on: after page %i of %j comes %j', (basePage, page, total, expected) => {
    expect(next({ basePage, totalPath: 'meta.pages' }, page, { meta: { pages: total } })).toBe(expected);
  });

  test.each([
    {},
    { meta: {} },
    { meta: { pages: null } },
    { meta: { pages: '' } },
    { meta: { pages: 'many' } },
    { meta: { pages: [] } },
  ])('goes on to the empty page where the total is not to be read: %j', (value) => {
    expect(next({ totalPath: 'meta.pages' }, 1, value)).toBe(2);
    expect(next({ totalPath: 'meta.pages' }, 2, value, 0)).toBeNull();
  });

  test.each([
    [true, 2],
    ['true', 2],
    ['yes', 2],
    [1, 2],
    ['https://origin/next', 2],
    [false, null],
    [null, null],
    [0, null],
    ['', null],
    ['false', null],
    ['False', null],
    ['0', null],
    ['no', null],
  ])('has more for %j: %j', (more, expected) => {
    expect(next({ hasMorePath: 'more' }, 1, { more })).toBe(expected);
  });

  test('asks what says that no page follows, whichever it is', () => {
    const both = { hasMorePath: 'more', totalPath: 'pages' };
    expect(next(both, 1, { more: true, pages: 1 })).toBeNull();
    expect(next(both, 1, { more: false, pages: 9 })).toBeNull();
    expect(next(both, 1, { more: true, pages: 9 })).toBe(2);
  });

  test('is not confused by numbers elsewhere in the page that keep their digits', () => {
    const { value } = parseJson('{"id":9007199254740993,"pages":2,"more":true}');
    expect(next({ totalPath: 'pages', hasMorePath: 'more' }, 1, value)).toBe(2);
    expect(next({ totalPath: 'pages', hasMorePath: 'more' }, 2, value)).toBeNull();
  });
});

const limits = { hasMorePath: null, stopAfterEmptyPage: true, maxPages: null };
const first = { page: 0, cursor: null };

describe('nextPage by offset', () => {
  const offset: OffsetPlan = {
    ...{ type: 'offset', offsetParam: 'offset', limitParam: 'limit', limit: 50, totalPath: 'total', ...limits },
  };
  const after = (page: number, records: number, total: unknown = null, plan: Partial<OffsetPlan> = {}) =>
    nextPage({ ...offset, ...plan }, { page, cursor: null }, facts({ records, value: { total } }))?.page ?? null;

  test('goes on by what was given, which may be less than was asked for', () => {
    expect(after(0, 50)).toBe(50);
    expect(after(50, 20)).toBe(70);
  });

  test('ends at the total, or at an empty page', () => {
    expect(after(50, 50, 100)).toBeNull();
    expect(after(50, 50, 101)).toBe(100);
    expect(after(50, 0)).toBeNull();
    expect(after(50, 0, 1_000, { stopAfterEmptyPage: false })).toBe(100);
  });
});

const cursor: CursorPlan = { type: 'cursor', cursorPath: 'meta.next', cursorParam: 'after', ...limits };

describe('nextPage by cursor', () => {
  const after = (value: unknown, at: string | null = null) =>
    nextPage(cursor, { page: 4, cursor: at }, facts({ value: { meta: { next: value } } }));

  test.each([
    ['abc', 'abc'],
    [42, '42'],
    [parseJson('[9007199254740993]').value, null],
    ['', null],
    [null, null],
    [undefined, null],
    [false, null],
    [{}, null],
  ])('%j leads to %j', (value, expected) => {
    expect(after(value)).toEqual(expected === null ? null : { page: 5, cursor: expected });
  });

  test('keeps the digits of a long number', () => {
    const { value } = parseJson('{"meta":{"next":9007199254740993}}');
    expect(nextPage(cursor, first, facts({ value }))?.cursor).toBe('9007199254740993');
  });

  test('ends where the cursor stays the same', () => {
    expect(after('abc', 'abc')).toBeNull();
  });
});

describe('nextPage by link', () => {
  const json: JsonLinkPlan = { type: 'json_link', nextUrlPath: 'next', ...limits };
  const header: HeaderLinkPlan = { type: 'header_link', ...limits };
  const html: HtmlLinkPlan = { type: 'html_link', selector: 'a.next', ...limits };

  test.each([
    ['https://other.test/x#top', 'https://other.test/x'],
    ['/list?page=2', 'https://api.test/list?page=2'],
    ['?page=2', 'https://api.test/list?page=2'],
    [' //cdn.test/x ', 'https://cdn.test/x'],
    ['javascript:next()', null],
    ['file:///etc/passwd', null],
    ['', null],
    [null, null],
    [7, null],
  ])('in JSON %j leads to %j', (value, expected) => {
    expect(nextPage(json, first, facts({ value: { next: value } }))?.cursor ?? null).toBe(expected);
  });

  test('in a header follows rel="next"', () => {
    const link = '<https://api.test/list?page=9>; rel="last", <https://api.test/list?page=2>; rel="next"';
    expect(nextPage(header, first, facts({ headers: { link } }))?.cursor).toBe('https://api.test/list?page=2');
    expect(nextPage(header, first, facts())).toBeNull();
  });

  test.each([
    ['</p2>;rel=next', '/p2'],
    ['</p2> ; REL = "prefetch NEXT" ; x', '/p2'],
    [String.raw`</p2>; title="a, b; \"c\""; rel="next"`, '/p2'],
    ['</p2>; title="; rel=next"; rel=last', null],
    ['</p2>; rel=prev; rel=next', null],
    ['</p?a=1,2;b>; rel=next', '/p?a=1,2;b'],
    ['</p1>; rel=first,</p2>; rel=next', '/p2'],
  ])('takes a header as RFC 8288 has it: %s', (link, expected) => {
    const target = expected === null ? null : `https://api.test${expected}`;
    expect(nextPage(header, first, facts({ headers: { link } }))?.cursor ?? null).toBe(target);
  });

  test('in HTML is relative to the page, or to its base', () => {
    const page = (head: string) => load(`${head}<a class="next" href="p2">more</a>`);
    expect(nextPage(html, first, facts({ html: page('') }))?.cursor).toBe('https://api.test/p2');
    expect(nextPage(html, first, facts({ html: page('<base href="/a/">') }))?.cursor).toBe('https://api.test/a/p2');
    expect(nextPage(html, first, facts({ html: load('<a href="p2">more</a>') }))).toBeNull();
  });

  test('is refused where the paginator reads another format than the page has', () => {
    const page = load('<a class="next" href="p2">more</a>');
    expect(() => nextPage(html, first, facts())).toThrow(/found html_link and a page that is no HTML, expected/);
    const inHtml = facts({ html: page, value: undefined });
    const more: PageNumberPlan = { ...byNumber, hasMorePath: 'more' };
    for (const [paginator, key] of [
      [cursor, 'cursor'],
      [json, 'json_link'],
      [more, 'has_more_path'],
    ] as const) {
      expect(() => nextPage(paginator, first, inHtml)).toThrow(`found ${key} and a page that is no JSON, expected`);
    }
    // What ends a poll is no page.
    expect(nextPage({ ...html, stopAfterEmptyPage: false }, first, facts({ records: 0 }))).toBeNull();
  });
});
