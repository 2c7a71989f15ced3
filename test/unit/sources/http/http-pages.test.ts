import { describe, expect, test } from 'vitest';
import { SourceRefused, SourceUnavailable, UnreadableBody, WrongShape } from '../../../../src/domain/errors.ts';
import { noopMetrics } from '../../../../src/domain/run/metrics.ts';
import type { HttpJsonPlan } from '../../../../src/domain/plan/source-plan.ts';
import type { SourceState } from '../../../../src/domain/state/source-state.ts';
import { unlimited } from '../../../../src/domain/plan/host-budget.ts';
import { jsonFormat } from '../../../../src/sources/http-json/json-source.ts';
import { fetchHttpPages } from '../../../../src/sources/http/http-pages.ts';
import { firstHttpPosition } from '../../../../src/sources/pagination/first-position.ts';
import { createAccessTokens } from '../../../../src/sources/http/auth.ts';
import type { HttpRequest, HttpResponse } from '../../../../src/sources/http/http-client.ts';
import { beginPoll, type SourceTools } from '../../../../src/sources/open-source.ts';
import type { Page } from '../../../../src/sources/extraction/page.ts';
import { byNumber, context, httpPlan, state } from '../plans.ts';

const incremental = {
  cursor: 'at',
  format: 'iso8601',
  startParam: 'since',
  endParam: null,
  lagMs: 3_600_000,
  initialValue: '2026-01-01T00:00:00Z',
};

interface Answer {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
}

/** Reads all pages; the requests are the subject here, so no server answers them. */
async function read(plan: HttpJsonPlan, answers: Answer[], before: SourceState = state) {
  const requests: HttpRequest[] = [];
  const client = {
    async send(request: HttpRequest): Promise<HttpResponse> {
      requests.push(request);
      const { status = 200, headers = {}, body = [] } = answers.shift() ?? {};
      return {
        status,
        headers,
        url: request.url,
        body: Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
      };
    },
    close: async () => {},
  };
  const pages: Page[] = [];
  const robots = { check: async () => null };
  const tools = {
    client,
    tokens: createAccessTokens(client),
    robots,
    budget: unlimited,
    limitOf: () => null,
    measures: noopMetrics,
  };
  const from = firstHttpPosition(plan, before);
  for await (const page of fetchHttpPages(plan, jsonFormat(plan), from, before, tools, context)) pages.push(page);
  return { pages, requests, urls: requests.map(({ url }) => url) };
}

const failureOf = (plan: HttpJsonPlan, answer: Answer, before = state) =>
  read(plan, [answer], before).then(
    () => null,
    (error: unknown) => error as Error,
  );

describe('firstHttpPlace', () => {
  const start = (watermark: string | null, fields = {}) =>
    firstHttpPosition(httpPlan({ incremental: { ...incremental, ...fields } }), { ...state, watermark }).since;

  test('asks from the watermark less the lag, but not from before the initial value', () => {
    expect(start('2026-11-01T00:30:00.000000Z')).toBe('2026-10-31T23:30:00.000000Z');
    expect(start('2026-01-01T00:30:00.000000Z')).toBe('2026-01-01T00:00:00.000000Z');
    expect(start(null)).toBe('2026-01-01T00:00:00.000000Z');
    expect(start(null, { initialValue: null })).toBeNull();
    expect(start('2026-11-01T00:30:00.000000Z', { initialValue: null })).toBe('2026-10-31T23:30:00.000000Z');
  });

  test("continues one page before an interrupted poll, with that poll's parameters", () => {
    const unfinished = {
      page: 3,
      cursor: null,
      skip: 0,
      since: '2026-05-01T00:00:00.000000Z',
      watermark: '2026-11-01T00:00:00.000000Z',
      keysKept: 0,
      keyBlobs: [],
    };
    const plan = httpPlan({ incremental, paginator: byNumber });
    expect(firstHttpPosition(plan, { ...state, watermark: '2026-10-01T00:00:00.000000Z', unfinished })).toEqual({
      type: 'http',
      page: 2,
      cursor: null,
      skip: 0,
      since: '2026-05-01T00:00:00.000000Z',
      recentPages: [],
      saved: {
        page: 3,
        cursor: null,
        skip: 0,
      },
    });
    // Different pages that were read stay known; the one that is read once more counts then.
    const place = firstHttpPosition(plan, { ...state, unfinished: { ...unfinished, distinct: 2 } });
    expect(place).toMatchObject({ page: 2, distinct: 1 });
  });

  test('asks for a window with the lag on both sides, from the first page on', async () => {
    const window = { from: '2026-11-01T00:00:00.000000Z', to: '2026-11-02T00:00:00.000000Z' };
    const asked = async (fields: Partial<HttpJsonPlan>) => {
      const poll = { plan: httpPlan(fields), state, run: 'r', force: false, window };
      const position = await beginPoll(poll, {} as SourceTools, new Date());
      return position?.place.type === 'http' ? [position.place.since, position.place.until] : null;
    };
    expect(await asked({ incremental })).toEqual(['2026-10-31T23:00:00.000000Z', '2026-11-02T01:00:00.000000Z']);
    expect(await asked({ incremental: { ...incremental, lagMs: 0 } })).toEqual([window.from, window.to]);
  });

  test('begins with the base page', () => {
    expect(firstHttpPosition(httpPlan({ paginator: { ...byNumber, basePage: 0 } }), state).page).toBe(0);
    expect(firstHttpPosition(httpPlan({ paginator: byNumber }), state).page).toBe(1);
  });
});

describe('fetchHttpPages', () => {
  test('asks page after page until an empty one, with the parameters in the URL', async () => {
    const plan = httpPlan({
      paginator: byNumber,
      incremental,
      url: 'http://origin/items?fixed=1&page=9',
      params: {
        q: 'a&b c',
        state: 'all',
      },
    });
    const { urls, pages } = await read(plan, [{ body: [{ id: 1 }] }, { body: [{ id: 2 }] }, { body: [] }]);
    expect(urls).toEqual(
      [1, 2, 3].map(
        (page) => `http://origin/items?fixed=1&page=${page}&q=a%26b+c&state=all&since=2026-01-01T00%3A00%3A00Z`,
      ),
    );
    expect(pages.map(({ items }) => items.length)).toEqual([1, 1, 0]);
  });

  test('sends a parameter once for each value of a list, and the time in a format of its own', async () => {
    const plan = httpPlan({
      url: 'http://origin/items?tag=old&none=x&b=1',
      params: {
        tag: ['a', 'b c'],
        none: [],
      },
      incremental: {
        ...incremental,
        paramFormat: 'epoch_s',
        endParam: 'until',
      },
    });
    const { urls } = await read(plan, [{ body: [] }]);
    expect(urls).toEqual(['http://origin/items?tag=a&tag=b+c&b=1&since=1767225600']);
  });

  test('sends conditional requests if there is only one page', async () => {
    const known = { ...state, etag: '"v1"', lastModified: 'Sun, 01 Nov 2026 09:30:00 GMT' };
    const { requests } = await read(httpPlan(), [{ body: [] }], known);
    expect(requests[0]?.own.headers).toMatchObject({
      'if-none-match': '"v1"',
      'if-modified-since': 'Sun, 01 Nov 2026 09:30:00 GMT',
    });
    const paged = await read(httpPlan({ paginator: byNumber }), [{ body: [] }], known);
    expect(Object.keys(paged.requests[0]?.own.headers ?? {})).not.toContain('if-none-match');
  });

  test('takes a 304 for not modified, if it asked for one', async () => {
    const { pages } = await read(httpPlan(), [{ status: 304 }], { ...state, etag: '"v1"' });
    expect(pages).toMatchObject([{ items: [], next: null, patch: {}, end: { notModified: true } }]);
    expect(await failureOf(httpPlan(), { status: 304 })).toBeInstanceOf(SourceUnavailable);
  });

  test('remembers the validators of a single page, and forgets them where there are none', async () => {
    const headers = { etag: 'W/"v2"', 'last-modified': 'Sun, 01 Nov 2026 09:30:00 GMT' };
    const { pages } = await read(httpPlan(), [{ headers }]);
    expect(pages[0]?.patch).toEqual({ etag: 'W/"v2"', lastModified: 'Sun, 01 Nov 2026 09:30:00 GMT' });
    expect((await read(httpPlan(), [{}])).pages[0]?.patch).toEqual({ etag: null, lastModified: null });
    expect((await read(httpPlan({ paginator: byNumber }), [{ headers }])).pages[0]?.patch).toEqual({});
  });

  test('waits for a short Retry-After, and ends the poll for a longer one', async () => {
    const limited = (retryAfter: string, status = 429) => ({ status, headers: { 'retry-after': retryAfter } });
    expect(await failureOf(httpPlan(), limited('900'))).toMatchObject({ retryAfterMs: 900_000 });
    for (const status of [429, 503]) {
      const { pages } = await read(httpPlan(), [limited('901', status)]);
      const notBefore = Date.parse(pages[0]?.end?.notBefore ?? '');
      expect(Math.abs(notBefore - Date.now() - 901_000)).toBeLessThan(5_000);
    }
  });

  test('ends the poll for a Retry-After beyond all calendars, too', async () => {
    const { pages } = await read(httpPlan(), [{ status: 429, headers: { 'retry-after': '9'.repeat(20) } }]);
    expect(Date.parse(pages[0]?.end?.notBefore ?? '')).toBeGreaterThan(Date.now());
  });

  test('takes no content for an empty page', async () => {
    const { pages } = await read(httpPlan({ paginator: byNumber }), [{ status: 204, body: '' }]);
    expect(pages).toMatchObject([{ items: [], next: null }]);
  });

  test('turns other statuses into failures', async () => {
    expect(await failureOf(httpPlan(), { status: 404 })).toBeInstanceOf(SourceRefused);
    expect(await failureOf(httpPlan(), { status: 500 })).toBeInstanceOf(SourceUnavailable);
  });

  test('shows the beginning of a response that is not JSON', async () => {
    const headers = { 'content-type': 'text/html' };
    const error = await failureOf(httpPlan(), { headers, body: `<html>\n  <title>Sign in</title>${'x'.repeat(500)}` });
    expect(error).toBeInstanceOf(UnreadableBody);
    expect(error?.message).toContain('text/html that begins "<html> <title>Sign in</title>');
    expect(error?.message.length).toBeLessThan(300);
    expect(await failureOf(httpPlan(), { body: '' })).toBeInstanceOf(UnreadableBody);
    expect(await failureOf(httpPlan(), { body: '[{"id":1}' })).toBeInstanceOf(UnreadableBody);
  });

  test('reads records behind a byte order mark, in another charset, with long numbers', async () => {
    const text = '[{"id":9007199254740993,"t":"é"}]';
    for (const body of [Buffer.from(`\ufeff${text}`), Buffer.from(text, 'utf16le')]) {
      const charset = body.includes(0) ? 'utf-16le' : 'utf-8';
      const headers = { 'content-type': `application/json; charset=${charset}` };
      const { pages } = await read(httpPlan(), [{ headers, body }]);
      const value = { id: { text: '9007199254740993' }, t: 'é' };
      expect(pages[0]?.items).toMatchObject([{ index: 0, raw: { exact: true, value } }]);
    }
  });

  test('names the lists that a page has instead', async () => {
    const error = await failureOf(httpPlan({ records: 'items' }), { body: { results: [] } });
    expect(error).toBeInstanceOf(WrongShape);
    expect(error?.message).toContain('results');
  });
});
