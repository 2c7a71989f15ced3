import { describe, expect, test } from 'vitest';
import { parseJson } from '../../../src/domain/json.ts';
import type { PageNumberPlan } from '../../../src/domain/plan-parts.ts';
import { nextPage } from '../../../src/sources/pagination/next-page.ts';
import { byNumber, httpPlan } from './plans.ts';

const next = (paginator: Partial<PageNumberPlan>, page: number, value: unknown = {}, records = 10) =>
  nextPage({ ...byNumber, ...paginator }, { page, records, value });

describe('nextPage', () => {
  test('of a single page is none', () => {
    expect(nextPage(httpPlan().paginator, { page: 0, records: 10, value: { total: 5 } })).toBeNull();
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
