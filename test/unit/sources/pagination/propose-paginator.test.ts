import { describe, expect, test } from 'vitest';
import { missedPages, proposePaginator } from '../../../../src/sources/pagination/propose-paginator.ts';
import { byNumber, httpPlan, readerOf } from '../plans.ts';

const { paginator: onePage } = httpPlan();
const facts = (value: unknown, headers = {}, records = 2) => ({
  value,
  headers,
  records,
  html: null,
  url: 'https://a.test',
});
const messageOf = (page: unknown, headers = {}) => missedPages(onePage, facts(page, headers))[0]?.message ?? null;

describe('a source without a paginator', () => {
  test.each<[what: string, page: unknown, headers: Record<string, string>, paginator: string]>([
    ['a Link header', [], { link: '<https://api.example/items?page=2>; rel="next"' }, 'header_link'],
    ['next', { next: 'https://api.example/?page=2' }, {}, '{ type: json_link, next_url_path: next }'],
    ['next_url', { next_url: '/items?page=2' }, {}, '{ type: json_link, next_url_path: next_url }'],
    ['links.next', { links: { next: '?page=2' } }, {}, '{ type: json_link, next_url_path: links.next }'],
    ['a relative link', { next: 'items?page=2' }, {}, '{ type: json_link, next_url_path: next }'],
    [
      'HAL',
      { _links: { next: { href: '/items?page=2' } } },
      {},
      '{ type: json_link, next_url_path: _links.next.href }',
    ],
    [
      ...(['OData', { '@odata.nextLink': 'https://api.example/?$skip=5' }, {}] as const),
      `{ type: json_link, next_url_path: '"@odata.nextLink"' }`,
    ],
    [
      ...(['next_cursor', { meta: { next_cursor: 'abc' } }, {}] as const),
      '{ type: cursor, cursor_path: meta.next_cursor, cursor_param: cursor }',
    ],
    [
      ...(['nextPageToken', { nextPageToken: 'abc' }, {}] as const),
      '{ type: cursor, cursor_path: nextPageToken, cursor_param: pageToken }',
    ],
    [
      ...(['the number of the next page', { next_page: 2 }, {}] as const),
      '{ type: cursor, cursor_path: next_page, cursor_param: page }',
    ],
    ['has_more', { has_more: true }, {}, '{ type: page_number, has_more_path: has_more }'],
  ])('gets a warning about a next page by %s, with the keys to add', (_, page, headers, paginator) => {
    expect(messageOf(page, headers)).toContain(`add \`paginator: ${paginator}\``);
  });

  test.each<[what: string, page: unknown, headers?: Record<string, string>]>([
    ['next is null, empty, false or zero', { next: null, next_url: '', next_page: false, next_cursor: 0 }],
    ['has_more is false', { has_more: false, cursor: 'abc' }],
    ['records have a field of that name', { data: [{ next: 'https://api.example/2' }] }],
    ['a key only begins like it', { next_update: '2026-11-01', next_run: { id: 'x' } }],
    ['the header leads back', {}, { link: '<https://api.example/items?page=1>; rel="prev"' }],
    ['the page is a list', [1]],
    ['the page is none', undefined],
  ])('gets no warning if %s', (_, page, headers = {}) => {
    expect(messageOf(page, headers)).toBeNull();
  });

  test('gets no warning if one page is intended, nor with a paginator', () => {
    const page = { next: 'https://api.example/?page=2' };
    expect(missedPages({ ...onePage, maxPages: 1 }, facts(page))).toEqual([]);
    expect(missedPages(byNumber, facts(page))).toEqual([]);
  });

  test('has the warning in its page', async () => {
    const plan = httpPlan({ records: 'data' });
    const body = Buffer.from('{"data":[],"next":"https://api.example/?page=2"}');
    const response = { status: 200, headers: {}, url: 'https://api.example/', body };
    const read = await readerOf(plan)
      .format('')
      .read(response, new Date(), { place: { page: 0, cursor: null } });
    expect(read.warnings).toMatchObject([{ code: 'paginator_proposed', count: 1 }]);
  });
});

test.each([
  ['total', { total: 25, count: 2 }, 'total'],
  ['Crossref', { message: { 'total-results': 25 } }, 'message."total-results"'],
  ['Solr', { response: { numFound: 25, start: 0 } }, 'response.numFound'],
  ['Elasticsearch', { _shards: { total: 5 }, hits: { total: { value: 25 } } }, 'hits.total.value'],
  ['openFDA', { meta: { results: { skip: 0, limit: 2, total: 25 } } }, 'meta.results.total'],
  ['Jira', { startAt: 0, maxResults: 2, total: 25 }, 'total'],
])('more records than the page has are noticed: %s', (_, page, path) => {
  const message = messageOf(page) ?? '';
  expect(message).toContain('the response has 2 records and says that there are 25');
  expect(message).toContain(
    `paginator: { type: offset, limit: 2, total_path: ${path.includes('"') ? `'${path}'` : path} }`,
  );
});

test.each([
  ['as many', { total: 2 }, 2],
  ['none at all', { total: 25 }, 0],
  ['of something else', { totalAmount: 25, _shards: { total: 25 } }, 2],
  ['a price', { total: 25.5 }, 2],
])('a total says nothing of further pages where it is that of %s', (_, page, records) => {
  expect(missedPages(onePage, facts(page, {}, records))).toEqual([]);
});

test('a total of pages is proposed, unless this is the last of them', () => {
  expect(proposePaginator({ total_pages: 7 }, {})).toEqual({ type: 'page_number', total_path: 'total_pages' });
  expect(messageOf({ total_pages: 7 })).toContain('paginator: { type: page_number, total_path: total_pages }');
  expect(messageOf({ meta: { pages: 9, page: 1 } })).toMatch(
    /^the response says that there are 9 pages, .*meta\.pages/,
  );
  expect(messageOf({ pages: 9, page: 9 })).toBeNull();
  expect(messageOf({ pages: 1 })).toBeNull();
});
