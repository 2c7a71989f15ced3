import { load } from 'cheerio';
import { describe, expect, test } from 'vitest';
import { parseJson } from '../../../../src/formats/exact-json.ts';
import type {
  CursorPlan,
  HeaderLinkPlan,
  HtmlLinkPlan,
  JsonLinkPlan,
  OffsetPlan,
  PageNumberPlan,
} from '../../../../src/domain/plan/plan-parts.ts';
import { nextPage, type PageFacts } from '../../../../src/sources/pagination/next-page.ts';
import { byNumber, httpPlan } from '../plans.ts';

const facts = (fields: Partial<PageFacts> = {}): PageFacts => ({
  records: 10,
  value: {},
  html: null,
  headers: {},
  url: 'https://api.test/list?page=1',
  ...fields,
});
const next = (paginator: Partial<PageNumberPlan>, page: number, value: unknown = {}, records = 10) =>
  nextPage({ ...byNumber, ...paginator }, { page, cursor: null }, facts({ value, records }))?.page ?? null;

describe('nextPage', () => {
  test('of a single page is none', () => {
    expect(nextPage(httpPlan().paginator, { page: 0, cursor: null }, facts({ value: { total: 5 } }))).toBeNull();
  });

  test('keeps counting until an empty page', () => {
    expect(next({}, 1)).toBe(2);
    expect(next({}, 7, {}, 0)).toBeNull();
    expect(next({ stopAfterEmptyPage: false }, 7, {}, 0)).toBe(8);
  });

  test.each([
    [1, 1, 3, 2],
    [1, 2, 3, 3],
    [1, 3, 3, null],
    [1, 4, 3, 5],
    [0, 1, 3, 2],
    [0, 2, 3, null],
    [1, 1, 1, null],
    [1, 1, '2', 2],
  ])('from page %i on: page %i of %j is followed by %j', (basePage, page, total, expected) => {
    expect(next({ basePage, totalPath: 'meta.pages' }, page, { meta: { pages: total } })).toBe(expected);
  });

  test.each([
    {},
    { meta: {} },
    { meta: { pages: null } },
    { meta: { pages: '' } },
    { meta: { pages: 'many' } },
    { meta: { pages: [] } },
  ])('continues to the empty page if the total cannot be read: %j', (value) => {
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

  test('checks every sign that no page follows', () => {
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
const cursor: CursorPlan = { type: 'cursor', cursorPath: 'meta.next', cursorParam: 'after', ...limits };

describe('nextPage by offset', () => {
  const offset: OffsetPlan = {
    type: 'offset',
    offsetParam: 'offset',
    limitParam: 'limit',
    limit: 50,
    totalPath: 'total',
    ...limits,
  };
  const after = (page: number, records: number, total: unknown = null, plan: Partial<OffsetPlan> = {}) =>
    nextPage({ ...offset, ...plan }, { page, cursor: null }, facts({ records, value: { total } }))?.page ?? null;

  test('continues by the received count, which may be less than requested', () => {
    expect(after(0, 50)).toBe(50);
    expect(after(50, 20)).toBe(70);
  });

  test('ends at the total, or at an empty page', () => {
    expect(after(50, 50, 100)).toBeNull();
    expect(after(50, 50, 101)).toBe(100);
    expect(after(50, 0)).toBeNull();
    expect(after(50, 0, 1_000, { stopAfterEmptyPage: false })).toBe(100);
  });

  const at = (page: number, records: number, total: unknown, before?: number) => {
    const place = { page, cursor: null, ...(before === undefined ? {} : { total: before }) };
    return nextPage({ ...offset, followsEmptyPages: true }, place, facts({ records, value: { total } }));
  };

  test.each([
    ['0 beside records', 0, 50, 0, undefined],
    ['smaller than what was read', 50, 50, 60, undefined],
    ['smaller than before', 50, 50, 100, 150],
  ])('requests one more page in doubt if the total is %s', (_, page, records, total, before) => {
    expect(at(page, records, total, before)).toMatchObject({ page: page + records, doubtful: true });
  });

  test('ends if that page is empty, and if only an empty page can show the end', () => {
    expect(at(100, 0, 60, 150)).toBeNull();
    expect(at(100, 0, undefined)).toBeNull();
    expect(at(0, 0, 0)).toBeNull();
  });

  test('remembers the largest total, and trusts one that grows', () => {
    expect(at(50, 50, 150, 120)).toEqual({ page: 100, cursor: null, total: 150 });
    expect(at(50, 50, 130, 150)).toEqual({ page: 100, cursor: null, total: 150 });
    expect(at(100, 50, 150, 120)).toBeNull();
  });
});

describe('an empty page', () => {
  const follows = { followsEmptyPages: true } as const;
  const empty = (value: unknown) => facts({ records: 0, value });

  test('is followed by its token, its link or has_more_path', () => {
    const token: CursorPlan = { ...cursor, ...follows };
    expect(nextPage(token, first, empty({ meta: { next: 'b' } }))?.cursor).toBe('b');
    expect(nextPage(token, first, empty({ meta: {} }))).toBeNull();
    const link: JsonLinkPlan = { type: 'json_link', nextUrlPath: 'next', ...limits, ...follows };
    expect(nextPage(link, first, empty({ next: '/2' }))?.cursor).toBe('https://api.test/2');
    const more = { ...byNumber, ...follows, hasMorePath: 'more' };
    expect(nextPage(more, { page: 1, cursor: null }, empty({ more: true }))?.page).toBe(2);
    expect(nextPage(more, { page: 1, cursor: null }, empty({ more: false }))).toBeNull();
  });

  test('whose token is the requested one is the last, and so is any with stop_after_empty_page', () => {
    const value = { meta: { next: 'b' } };
    expect(nextPage({ ...cursor, ...follows }, { page: 1, cursor: 'b' }, empty(value))).toBeNull();
    expect(nextPage(cursor, first, empty(value))).toBeNull();
  });
});

describe('nextPage by cursor', () => {
  const after = (value: unknown, at: string | null = null) =>
    nextPage(cursor, { page: 4, cursor: at }, facts({ value: { meta: { next: value } } }));

  test.each([
    ['abc', 'abc'],
    [42, '42'],
    ['', null],
    [null, null],
    [undefined, null],
    [false, null],
  ])('%j leads to %j', (value, expected) => {
    expect(after(value)).toEqual(expected === null ? null : { page: 5, cursor: expected });
  });

  test.each([
    [parseJson('[9007199254740993]').value, '[9007199254740993]'],
    [true, 'true'],
    [{}, '{}'],
    [['a'], '["a"]'],
  ])('%j fails: it is neither a next page nor an end', (value, shown) => {
    const message = `paginator: cursor_path "meta.next" leads to ${shown}, expected a text or a number, or null`;
    expect(() => after(value)).toThrow(message);
  });

  test('keeps the digits of a long number', () => {
    const { value } = parseJson('{"meta":{"next":9007199254740993}}');
    expect(nextPage(cursor, first, facts({ value }))?.cursor).toBe('9007199254740993');
  });

  test('that stays the same is the end after a page without records; else one more page proves it', () => {
    const stays = (records: number) =>
      nextPage(cursor, { page: 4, cursor: 'abc' }, facts({ records, value: { meta: { next: 'abc' } } }));
    expect(stays(0)).toBeNull();
    expect(stays(10)).toEqual({ page: 5, cursor: 'abc', values: { scroll: true } });
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
    ["https://api.test/a%20b/?q=a%20b&$f='x'~(y)&s=%2f+", "https://api.test/a%20b/?q=a%20b&$f='x'~(y)&s=%2f+"],
    ['/list?q=ü b', 'https://api.test/list?q=%C3%BC%20b'],
    ['', null],
    [null, null],
    [false, null],
    [' ', null],
    // It names itself.
    ['https://api.test/list?page=1', null],
    ['#more', null],
  ])('in JSON %j leads to %j', (value, expected) => {
    expect(nextPage(json, first, facts({ value: { next: value } }))?.cursor ?? null).toBe(expected);
  });

  test.each([
    ['javascript:next()', '"javascript:next()"'],
    ['ftp://api.test/2', '"ftp://api.test/2"'],
    ['http://', '"http://"'],
    [7, '7'],
    [true, 'true'],
    [{ href: '/2' }, '{"href":"/2"}'],
  ])('in JSON %j fails: it can neither be followed nor means the end', (value, shown) => {
    const message = `paginator: next_url_path "next" leads to ${shown}, expected an address, http or https, or null`;
    expect(() => nextPage(json, first, facts({ value: { next: value } }))).toThrow(message);
  });

  test('in a header, and in HTML, fails where it cannot be followed; a button without a target is the end', () => {
    const link = '<ftp://api.test/2>; rel=next';
    expect(() => nextPage(header, first, facts({ headers: { link } }))).toThrow(/the header Link leads to "ftp:/);
    const button = (href: string) => facts({ html: load(`<a class="next" href="${href}">more</a>`) });
    expect(() => nextPage(html, first, button('mailto:a@b.test'))).toThrow(/selector "a.next" leads to "mailto:/);
    for (const href of ['#', '', 'javascript:;']) expect(nextPage(html, first, button(href))).toBeNull();
  });

  test('in a header follows rel="next"', () => {
    const link = '<https://api.test/list?page=9>; rel="last", <https://api.test/list?page=2>; rel="next"';
    expect(nextPage(header, first, facts({ headers: { link } }))?.cursor).toBe('https://api.test/list?page=2');
    expect(nextPage(header, first, facts())).toBeNull();
  });

  test.each([
    ['</p2>;rel=next', '/p2'],
    ["</p2>; rel='next'", '/p2'],
    ['</p2> ; REL = "prefetch NEXT" ; x', '/p2'],
    [String.raw`</p2>; title="a, b; \"c\""; rel="next"`, '/p2'],
    ['</p2>; title="; rel=next"; rel=last', null],
    ['</p2>; rel=prev; rel=next', null],
    ['</p?a=1,2;b>; rel=next', '/p?a=1,2;b'],
    ['</p1>; rel=first,</p2>; rel=next', '/p2'],
  ])('reads a header by RFC 8288: %s', (link, expected) => {
    const target = expected === null ? null : `https://api.test${expected}`;
    expect(nextPage(header, first, facts({ headers: { link } }))?.cursor ?? null).toBe(target);
  });

  test('in HTML is relative to the page, or to its base', () => {
    const page = (head: string) => load(`${head}<a class="next" href="p2">more</a>`);
    expect(nextPage(html, first, facts({ html: page('') }))?.cursor).toBe('https://api.test/p2');
    expect(nextPage(html, first, facts({ html: page('<base href="/a/">') }))?.cursor).toBe('https://api.test/a/p2');
    expect(nextPage(html, first, facts({ html: page('<base href="javascript:1">') }))?.cursor).toBe(
      'https://api.test/p2',
    );
    expect(nextPage(html, first, facts({ html: load('<a href="p2">more</a>') }))).toBeNull();
  });

  test('is refused where the paginator reads another format than the page has', () => {
    const page = load('<a class="next" href="p2">more</a>');
    expect(() => nextPage(html, first, facts())).toThrow(/found html_link and a page that is not HTML, expected/);
    const inHtml = facts({ html: page, value: undefined });
    const more: PageNumberPlan = { ...byNumber, hasMorePath: 'more' };
    for (const [paginator, key] of [
      [cursor, 'cursor'],
      [json, 'json_link'],
      [more, 'has_more_path'],
    ] as const) {
      expect(() => nextPage(paginator, first, inHtml)).toThrow(`found ${key} and a page that is not JSON, expected`);
    }
    // What ends a poll is not a page.
    expect(nextPage({ ...html, stopAfterEmptyPage: false }, first, facts({ records: 0 }))).toBeNull();
  });
});
