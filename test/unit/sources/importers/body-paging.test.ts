import { describe, expect, test } from 'vitest';
import { parseCurl } from '../../../../src/sources/importers/curl/parse-curl.ts';
import { requestKeys, sourceKeys } from '../../../../src/sources/importers/requests/request-keys.ts';
import { pagingOf } from '../../../../src/sources/importers/requests/request-paging.ts';
import { proposePaginator } from '../../../../src/sources/pagination/propose-paginator.ts';
import { pollSource, type Asked } from '../polled-source.ts';

const rows = (start: number, count = 10) =>
  Array.from({ length: 25 }, (_, number) => ({ id: number, at: new Date(1.79e12 + number).toISOString() })).slice(
    start,
    start + count,
  );

/** What is proposed for a command whose answer is a page. */
function proposed(data: string, page: unknown, ...options: readonly string[]) {
  const { request } = parseCurl(`curl 'https://api.test/search' ${options.join(' ')} --data-raw '${data}'`, () => '');
  const keys = requestKeys('search', request);
  const { params, body, paginator, notes } = pagingOf(keys, proposePaginator(page, {}));
  return { source: sourceKeys({ ...keys, params, body: body ?? keys.body }, false), paginator, notes };
}

const json = "-H 'Content-Type: application/json'";

/** Polls with what was proposed, and returns how many records came and how many requests that took. */
async function polled(
  { source, paginator }: ReturnType<typeof proposed>,
  answer: (asked: Asked) => { readonly body: unknown },
) {
  const { url: _url, ...keys } = source;
  const lines = Object.entries({ ...keys, paginator }).map(([key, value]) => `${key}: ${JSON.stringify(value)}`);
  const { ids, asked } = await pollSource(['url: ORIGIN/search', 'records: rows', ...lines], answer);
  return { records: ids.length, requests: asked.length };
}

describe('a body that names the page', () => {
  test('of a token within it', async () => {
    const first = { rows: rows(0), next_cursor: 'at-10', has_more: true };
    const found = proposed('{"filter":{"status":"open"},"page":{"start_cursor":null,"size":10}}', first, json);
    expect(found).toMatchObject({
      source: { body: { filter: { status: 'open' }, page: { start_cursor: '${cursor}', size: 10 } } },
      paginator: { type: 'cursor', cursor_path: 'next_cursor' },
      notes: [],
    });
    const answer = ({ json: sent }: Asked) => {
      const start = Number((sent as { page: { start_cursor?: string } }).page.start_cursor?.slice(3) ?? 0);
      return { body: { rows: rows(start), next_cursor: start + 10 < 25 ? `at-${start + 10}` : null } };
    };
    expect(await polled(found, answer)).toEqual({ records: 25, requests: 3 });
  });

  test('of a token among the variables of GraphQL', () => {
    const first = { data: { items: { nodes: [], pageInfo: { endCursor: 'abc', hasNextPage: true } } } };
    const found = proposed('{"query":"query($after:String){x}","variables":{"after":null}}', first, json);
    expect(found).toMatchObject({
      source: { body: { variables: { after: '${cursor}' } } },
      paginator: {
        type: 'cursor',
        cursor_path: 'data.items.pageInfo.endCursor',
        has_more_path: 'data.items.pageInfo.hasNextPage',
      },
    });
    expect(found.paginator).not.toHaveProperty('cursor_param');
  });

  test('of an offset and a size', async () => {
    const found = proposed('{"from":20,"size":10,"query":{"range":{"from":1,"size":2}}}', { rows: rows(20) }, json);
    expect(found).toMatchObject({
      source: { body: { from: '${offset}', size: 10, query: { range: { from: 1, size: 2 } } } },
      paginator: { type: 'offset', limit: 10 },
    });
    const answer = ({ json: sent }: Asked) => ({ body: { rows: rows((sent as { from: number }).from) } });
    // Pages overlap by a record: what is left of the list is asked for once more.
    expect(await polled(found, answer)).toMatchObject({ records: 25 });
  });

  test('of a number, from 0 on too', async () => {
    const found = proposed('{"paging":{"pageNumber":0,"pageSize":10}}', { rows: rows(0), total_pages: 3 }, json);
    expect(found).toMatchObject({
      source: { body: { paging: { pageNumber: '${page}', pageSize: 10 } } },
      paginator: { type: 'page_number', total_path: 'total_pages', base_page: 0 },
    });
    const answer = ({ json: sent }: Asked) => {
      const page = (sent as { paging: { pageNumber: number } }).paging.pageNumber;
      return { body: { rows: rows(page * 10), total_pages: 3 } };
    };
    expect(await polled(found, answer)).toEqual({ records: 25, requests: 3 });
  });

  test('in a form', async () => {
    const found = proposed('action=list&page=1&per%20page=10', { rows: rows(0), total_pages: 3 });
    expect(found).toMatchObject({
      source: { body: 'action=list&page=${page}&per%20page=10' },
      paginator: { type: 'page_number', total_path: 'total_pages' },
    });
    const answer = ({ body }: Asked) => {
      const page = Number(new URLSearchParams(body).get('page'));
      return { body: { rows: rows(page * 10 - 10), total_pages: 3 } };
    };
    expect(await polled(found, answer)).toEqual({ records: 25, requests: 3 });
  });

  test('not at all: a note says what to add', () => {
    const found = proposed('{"filter":1}', { rows: rows(0), next_token: 'abc' }, json);
    expect(found.paginator).toBeNull();
    expect(found.notes.join('\n')).toContain('put ${cursor} into the body');
  });
});
