import { afterEach, describe, expect, test, vi } from 'vitest';
import { SourceRefused, SourceUnavailable } from '../../../../src/domain/errors.ts';
import { unlimited } from '../../../../src/domain/plan/host-budget.ts';
import { noopMetrics } from '../../../../src/domain/run/metrics.ts';
import type { AuthPlan } from '../../../../src/domain/plan/auth-plan.ts';
import type { ResponseRule } from '../../../../src/domain/plan/plan-parts.ts';
import { createAccessTokens } from '../../../../src/sources/http/auth.ts';
import { fetchDocument } from '../../../../src/sources/http/fetch-document.ts';
import { createHttpClient, type HttpClient, type HttpRequest } from '../../../../src/sources/http/http-client.ts';
import { context, httpPlan } from '../plans.ts';

const oauth: AuthPlan = {
  type: 'oauth2_client_credentials',
  tokenUrl: 'https://login.test/token',
  scope: null,
  clientId: 'id',
  clientSecret: 's e&c:ret',
};
const minute = 60_000;

interface Reply {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

afterEach(() => void vi.useRealTimers());

/** An API whose first token is refused with the reply, a while after it was given out. */
function refusing(reply: Reply, { auth = oauth, valid = 'token-2' } = {}) {
  const requests: HttpRequest[] = [];
  let given = 0;
  const client: HttpClient = {
    async send(request) {
      requests.push(request);
      const { url } = request;
      if (url.startsWith('https://login.test')) {
        const body = Buffer.from(JSON.stringify({ access_token: `token-${++given}`, expires_in: 86_400 }));
        return { status: 200, headers: {}, body, url };
      }
      const fits = request.own.headers['authorization'] === `Bearer ${valid}`;
      const { status, headers = {}, body = '' } = fits ? { status: 200, body: '[]' } : reply;
      return { status, headers, body: Buffer.from(body), url };
    },
    close: async () => {},
  };
  const tokens = createAccessTokens(client);
  const tools = {
    client,
    tokens,
    budget: unlimited,
    limitOf: () => null,
    measures: noopMetrics,
    robots: { check: async () => null },
  };
  const ask = (
    onResponse: readonly ResponseRule[] = [],
    plan = httpPlan({ url: 'https://api.test/', auth }),
    conditions: Record<string, string> = {},
  ) =>
    fetchDocument(
      { ...plan, onResponse },
      { url: new URL(plan.url), followed: false, accept: '*/*', conditions },
      tools,
      context,
    );
  /** With a token that was given out so long ago. */
  const askLater = async (ms: number, onResponse: readonly ResponseRule[] = []) => {
    vi.useFakeTimers({ toFake: ['Date'] });
    await tokens.credentials(httpPlan({ auth }));
    vi.setSystemTime(Date.now() + ms);
    return ask(onResponse).then(
      ({ kind }) => kind,
      (error: unknown) => error,
    );
  };
  return { ask, askLater, tokens, requests, given: () => given };
}

describe('an access token that is refused', () => {
  test.each([
    ['with 401', { status: 401 }, 0],
    ['with 403, more than a minute after it was given out', { status: 403 }, minute + 1],
  ])('%s is replaced once', async (_, reply, ms) => {
    const api = refusing(reply);
    expect(await api.askLater(ms)).toBe('document');
    expect(api.given()).toBe(2);
    const never = refusing(reply, { valid: 'none' });
    expect(await never.askLater(ms)).toBeInstanceOf(SourceRefused);
    expect(never.given()).toBe(2);
  });

  test.each<[string, Reply, number, typeof SourceRefused | typeof SourceUnavailable]>([
    ['a young one is answered with 403', { status: 403 }, minute, SourceRefused],
    ['it is answered with 400', { status: 400 }, 10 * minute, SourceRefused],
    [
      'the 403 is a rate limit',
      { status: 403, headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '3' } },
      10 * minute,
      SourceUnavailable,
    ],
  ])('stays where %s', async (_, reply, ms, type) => {
    const api = refusing(reply);
    expect(await api.askLater(ms)).toBeInstanceOf(type);
    expect(api.given()).toBe(1);
  });

  test('stays where a rule says what a 403 means', async () => {
    const api = refusing({ status: 403 });
    expect(await api.askLater(10 * minute, [{ status: 403, bodyContains: null, action: 'ignore' }])).toBe('ignored');
    expect(api.given()).toBe(1);
  });

  test.each([400, 403, 200, 498])('is replaced once where a rule says so: %i', async (status) => {
    const rules: ResponseRule[] = [{ status: null, bodyContains: 'token expired', action: 'reauthenticate' }];
    const api = refusing({ status, body: '{"error":"token expired"}' });
    expect(await api.askLater(0, rules)).toBe('document');
    expect(api.given()).toBe(2);
    const never = refusing({ status, body: '{"error":"token expired"}' }, { valid: 'none' });
    const error = await never.askLater(0, rules);
    expect(error).toBeInstanceOf(SourceRefused);
    expect((error as Error).message).toContain(`answered ${status} also with a new access token`);
    expect(never.given()).toBe(2);
  });

  test('stays secret, as links and messages that are on their way may have it', async () => {
    const { ask, tokens } = refusing({ status: 401 });
    await ask();
    expect(tokens.redact('found token-1, then token-2')).toBe('found [redacted], then [redacted]');
    const held = tokens.held(httpPlan({ url: 'https://api.test/', auth: oauth }));
    expect(held.map(({ value }) => value)).toEqual(['token-2', 'token-1']);
  });

  test('by two requests at once is replaced once, and both succeed', async () => {
    const api = refusing({ status: 401 });
    expect((await Promise.all([api.ask(), api.ask()])).map(({ kind }) => kind)).toEqual(['document', 'document']);
    expect(api.given()).toBe(2);
  });
});

test('a header that no request can carry is refused before any is sent, and an ETag of that kind is left out', async () => {
  const sent = createHttpClient('daybook/test');
  const send = (headers: Record<string, string>) =>
    sent.send(
      {
        subject: 'news',
        url: 'http://127.0.0.1:1/',
        method: 'GET',
        body: null,
        headers: {},
        proxy: null,
        own: {
          origin: 'http://127.0.0.1:1',
          headers,
        },
        allowPrivate: true,
        timeoutMs: 1_000,
        maxBodyBytes: 1,
      },
      context.signal,
    );
  const error = await send({ 'X-Key': 'Żaba' }).catch((thrown: unknown) => thrown as Error);
  expect(error).toBeInstanceOf(SourceRefused);
  expect((error as Error).message).toBe(
    'fetch: news: header X-Key: found the character U+017B at position 1, expected those of latin-1 on one line',
  );
  await sent.close();
  const api = refusing({ status: 401 }, { valid: 'token-1' });
  await api.ask([], undefined, { 'if-none-match': '"Ż"', 'if-modified-since': 'Sun, 01 Nov 2026 09:30:00 GMT' });
  expect(Object.keys(api.requests[1]?.own.headers ?? {})).toEqual(['authorization', 'if-modified-since']);
});

describe('id and secret of a client are sent', () => {
  test('in the body', async () => {
    const api = refusing({ status: 401 }, { valid: 'token-1' });
    await api.ask();
    expect(api.requests[0]?.body).toBe('grant_type=client_credentials&client_id=id&client_secret=s+e%26c%3Aret');
    expect(api.requests[0]?.own.headers).toEqual({});
  });

  test('in the header alone, encoded as a form is (RFC 6749, 2.3.1)', async () => {
    const api = refusing({ status: 401 }, { valid: 'token-1', auth: { ...oauth, credentials: 'header' } });
    await api.ask();
    expect(api.requests[0]?.body).toBe('grant_type=client_credentials');
    const pair = Buffer.from('id:s+e%26c%3Aret').toString('base64');
    expect(api.requests[0]?.own.headers).toEqual({ authorization: `Basic ${pair}` });
  });
});
