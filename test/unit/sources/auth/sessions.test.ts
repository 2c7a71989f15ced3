import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { SourceRefused, SourceUnavailable } from '../../../../src/domain/errors.ts';
import type { SessionPlan } from '../../../../src/domain/plan/auth-plan.ts';
import { unlimited } from '../../../../src/domain/plan/host-budget.ts';
import type { HttpJsonPlan } from '../../../../src/domain/plan/source-plan.ts';
import { noopMetrics } from '../../../../src/domain/run/metrics.ts';
import { createAccessTokens } from '../../../../src/sources/http/auth.ts';
import { fetchDocument, type HttpTools } from '../../../../src/sources/http/fetch-document.ts';
import { createHttpClient } from '../../../../src/sources/http/http-client.ts';
import { startOrigin, type Handler, type Origin } from '../../../support/servers/origin.ts';
import { context, httpPlan } from '../plans.ts';

const client = createHttpClient('daybook/test');
let site: Origin;
let other: Origin;
/** The session that the site accepts, and how often someone logged in. */
let [session, logins] = ['', 0];
let bodies: string[] = [];
let tools: HttpTools;

beforeAll(async () => {
  [site, other] = [await startOrigin(), await startOrigin()];
});
afterAll(async () => {
  await Promise.all([client.close(), site.close(), other.close()]);
});
beforeEach(() => {
  [session, logins, bodies] = ['', 0, []];
  site.answer(portal);
  other.answer((_url, response) => void response.end('[]'));
  const tokens = createAccessTokens(client);
  const robots = { check: async () => null };
  tools = { client, tokens, robots, budget: unlimited, limitOf: () => null, measures: noopMetrics };
});

/** A login form that sets a cookie, and pages that want it. */
const portal: Handler = async (url, response, request) => {
  if (url.pathname !== '/login') {
    const isIn = (request.headers.cookie ?? '').includes(`sid=${session}`) && session !== '';
    return void response.writeHead(isIn ? 200 : 401).end(isIn ? '[{"id":1}]' : 'please log in');
  }
  let body = '';
  for await (const chunk of request) body += String(chunk);
  bodies.push(body);
  session = `session-${++logins}-abcdef`;
  response.setHeader('set-cookie', [`sid=${session}; Path=/; HttpOnly`, 'lang=en; Path=/']);
  response.end('welcome');
};

const auth = (fields: Partial<SessionPlan> = {}): SessionPlan => ({
  type: 'session',
  login: { url: `${site.url}/login`, method: 'POST', headers: {}, body: { user: 'me', password: 'pass&word' } },
  token: null,
  expiredWhen: null,
  ...fields,
});
const ask = (fields: Partial<HttpJsonPlan> = {}, url = `${site.url}/items`) =>
  fetchDocument(
    httpPlan({ url: `${site.url}/items`, auth: auth(), ...fields }),
    { url: new URL(url), followed: url.startsWith(other.url), accept: '*/*', conditions: {} },
    tools,
    context,
  );
const failure = (...args: Parameters<typeof ask>) =>
  ask(...args).then(
    () => null,
    (error: unknown) => error as Error,
  );

describe('a session', () => {
  test('is shared by the requests of a source, and by those at the same time', async () => {
    await Promise.all([ask(), ask(), ask()]);
    expect((await ask()).kind).toBe('document');
    expect(logins).toBe(1);
    expect(site.lastHeaders().cookie).toBe('sid=session-1-abcdef; lang=en');
  });

  test('of another source, or with another password, is another one', async () => {
    await ask();
    await ask({ name: 'other' });
    const { login } = auth();
    await ask({ auth: auth({ login: { ...login, body: { user: 'me', password: 'other' } } }) });
    expect(logins).toBe(3);
  });

  test('that has expired is replaced once, and the request repeated', async () => {
    await ask();
    session = 'ended';
    expect((await ask()).kind).toBe('document');
    expect(logins).toBe(2);
    session = 'ended';
    expect((await Promise.all([ask(), ask(), ask()])).map(({ kind }) => kind)).toEqual(Array(3).fill('document'));
    expect(logins).toBe(3);
  });

  test('that is refused also when it is new fails the request, after one more login', async () => {
    await ask();
    site.answer((url, response, request) =>
      url.pathname === '/login' ? portal(url, response, request) : void response.writeHead(401).end(),
    );
    expect(await failure()).toBeInstanceOf(SourceRefused);
    expect(logins).toBe(2);
  });

  test.each([
    ['a text on a page of status 200', { status: null, bodyContains: 'please log in' }, 200, {}],
    ['a status', { status: 440, bodyContains: null }, 440, {}],
    ['a redirect', { status: 302, bodyContains: null }, 302, { location: '/sign-in' }],
    ['a status with a text', { status: 403, bodyContains: 'log in' }, 403, {}],
  ])('may say by %s that it is over', async (_, expiredWhen, status, headers) => {
    site.answer((url, response, request) => {
      const isIn = session !== '' && (request.headers.cookie ?? '').includes(session);
      if (url.pathname === '/login' || isIn) return portal(url, response, request);
      response.writeHead(status, headers).end('please log in');
    });
    await ask({ auth: auth({ expiredWhen }) });
    session = 'ended';
    expect((await ask({ auth: auth({ expiredWhen }) })).kind).toBe('document');
    expect(logins).toBe(2);
    site.answer((url, response, request) =>
      url.pathname === '/login'
        ? portal(url, response, request)
        : void response.writeHead(status, headers).end('please log in'),
    );
    expect((await failure({ auth: auth({ expiredWhen }) }))?.message).toBe(
      `fetch: news answered ${status} as auth.expired_when says also after a new login, expected a session that lasts; check auth.login and auth.expired_when`,
    );
    expect(logins).toBe(3);
  });

  test('is replaced where a rule of on_response says so', async () => {
    const onResponse = [{ status: null, bodyContains: 'please log in', action: 'reauthenticate' as const }];
    site.answer((url, response, request) => {
      const isIn = session !== '' && (request.headers.cookie ?? '').includes(session);
      if (url.pathname === '/login' || isIn) return portal(url, response, request);
      response.writeHead(400).end('please log in');
    });
    await ask({ onResponse });
    session = 'ended';
    expect((await ask({ onResponse })).kind).toBe('document');
    expect(logins).toBe(2);
  });

  test('keeps cookies that pages set, and drops those that they end', async () => {
    await ask();
    site.answer((_url, response) => {
      response.setHeader('set-cookie', ['lang=; Max-Age=0; Path=/', 'step=number-2; Path=/items']);
      response.end('[]');
    });
    await ask();
    await ask();
    expect(site.lastHeaders().cookie).toBe('step=number-2; sid=session-1-abcdef');
  });

  test('adds its cookies to those that are configured', async () => {
    await ask({ headers: { Cookie: 'consent=yes' } });
    expect(site.lastHeaders().cookie).toBe('consent=yes; sid=session-1-abcdef; lang=en');
  });
});

describe('the cookies of a session', () => {
  test('are taken on each hop of the login', async () => {
    site.answer(async (url, response, request) => {
      if (url.pathname === '/welcome') return void response.setHeader('set-cookie', `step=two`).end();
      if (url.pathname !== '/login') return portal(url, response, request);
      session = `session-${++logins}-abcdef`;
      response.writeHead(302, { location: '/welcome', 'set-cookie': `sid=${session}` }).end();
    });
    await ask();
    expect(site.lastHeaders().cookie).toBe('sid=session-1-abcdef; step=two');
  });

  test('are enough where the login leads to a page that is not there', async () => {
    site.answer(async (url, response, request) => {
      if (url.pathname === '/nowhere') return void response.writeHead(404).end();
      if (url.pathname !== '/login') return portal(url, response, request);
      session = `session-${++logins}-abcdef`;
      response.writeHead(302, { location: '/nowhere', 'set-cookie': `sid=${session}` }).end();
    });
    expect((await ask()).kind).toBe('document');
  });

  test('go to no other origin: neither through a link nor through a redirect', async () => {
    await ask({}, `${other.url}/next`);
    expect(other.lastHeaders().cookie).toBeUndefined();
    site.answer((url, response, request) =>
      url.pathname === '/login'
        ? portal(url, response, request)
        : void response.writeHead(302, { location: `${other.url}/moved` }).end(),
    );
    other.answer((_url, response) => void response.setHeader('set-cookie', 'sid=stolen').end('[]'));
    await ask();
    expect(other.requests.at(-1)).toBe('/moved');
    expect(other.lastHeaders().cookie).toBeUndefined();
    site.answer(portal);
    await ask();
    expect(site.lastHeaders().cookie).toContain('sid=session-1');
  });

  test('go to an origin that is trusted, as far as their own rules allow', async () => {
    await ask({ trustedOrigins: [other.url] }, `${other.url}/next`);
    expect(other.lastHeaders().cookie).toBe('sid=session-1-abcdef; lang=en');
  });

  test('that another host may not set are not taken', async () => {
    site.answer((url, response) => {
      if (url.pathname === '/login') response.setHeader('set-cookie', ['a=1; Domain=example.com', 'b=2; Domain=com']);
      response.end('[]');
    });
    expect((await failure())?.message).toBe(
      `fetch: news: auth.login answered 200 without a cookie for ${site.url}, expected a session; found a, b, which the server may not set for that host; if the session is a token, set auth.token`,
    );
  });
});

describe('a login', () => {
  const sent = async (body: unknown, headers: Record<string, string> = {}) => {
    await ask({ auth: auth({ login: { ...auth().login, body, headers } }) });
    return bodies.at(-1);
  };

  test('sends an object as JSON, or as a form where the headers say so, and a text as it is', async () => {
    const form = { 'Content-Type': 'application/x-www-form-urlencoded' };
    expect(await sent({ user: 'me', password: 'a&b' })).toBe('{"user":"me","password":"a&b"}');
    expect(await sent({ user: 'me', password: 'a&b', role: ['x', 1] }, form)).toBe(
      'user=me&password=a%26b&role=x&role=1',
    );
    expect(await sent('user=me')).toBe('user=me');
  });

  test.each([
    ['401', 401, '', SourceRefused, 'answered 401, expected a session; check the user and password in auth.login'],
    ['403', 403, '', SourceRefused, 'answered 403, expected a session; check the user and password in auth.login'],
    ['404', 404, '', SourceRefused, 'answered 404, expected a session; check auth.login'],
    ['503', 503, '', SourceUnavailable, 'answered 503, expected a session'],
    ['no cookie', 200, '', SourceRefused, `answered 200 without a cookie for`],
  ])('that is answered with %s fails the request', async (_, status, body, type, message) => {
    site.answer((_url, response) => void response.writeHead(status).end(body));
    const error = await failure();
    expect(error).toBeInstanceOf(type);
    expect(error?.message).toContain(message);
    expect(error?.message).not.toContain('pass&word');
    expect(site.requests.at(-1)).toBe('/login');
  });

  test('with a token in JSON sends it as configured, and to its own origin only', async () => {
    site.answer((url, response) =>
      url.pathname === '/login' ? void response.end('{"data":{"token":"t0ken-value"}}') : void response.end('[]'),
    );
    const token = { from: { path: 'data.token' }, sendAs: 'X-Session: Token ${token}' };
    await ask({ auth: auth({ token }) });
    expect(site.lastHeaders()['x-session']).toBe('Token t0ken-value');
    await ask({ auth: auth({ token }) }, `${other.url}/next`);
    expect(JSON.stringify(other.lastHeaders())).not.toContain('t0ken');
    expect(tools.tokens.redact('a t0ken-value b')).toBe('a [redacted] b');
  });

  test('with a token in a header sends it as well', async () => {
    site.answer((url, response) => {
      if (url.pathname === '/login') response.setHeader('X-Auth-Token', 't0ken-value');
      response.end('[]');
    });
    await ask({
      auth: auth({ token: { from: { header: 'X-Auth-Token' }, sendAs: 'Authorization: Bearer ${token}' } }),
    });
    expect(site.lastHeaders().authorization).toBe('Bearer t0ken-value');
  });

  test.each([
    [
      '{"error":"denied","code":7}',
      'without a token at data.token, expected a text there; found an object with error, code',
    ],
    ['{"data":{"token":7}}', 'without a token at data.token, expected a text there; found a number'],
    ['{"data":{"token":""}}', 'without a token at data.token, expected a text there; found an empty text'],
    ['[]', 'without a token at data.token, expected a text there; found no object'],
    ['<html>', 'with 6 bytes that are not JSON (text/html), expected the token at data.token'],
  ])('that is answered with %s names what is there instead of a token', async (body, message) => {
    site.answer((_url, response) => void response.setHeader('content-type', 'text/html').end(body));
    const token = { from: { path: 'data.token' }, sendAs: 'X: ${token}' };
    expect((await failure({ auth: auth({ token }) }))?.message).toBe(`fetch: news: auth.login answered 200 ${message}`);
  });

  test('without the header of the token names the headers that are there', async () => {
    site.answer((_url, response) => void response.setHeader('x-a', '1').end());
    const token = { from: { header: 'X-Token' }, sendAs: 'X: ${token}' };
    expect((await failure({ auth: auth({ token }) }))?.message).toMatch(
      /auth\.login answered 200 without the header X-Token, expected the token in it; found the headers x-a, date/,
    );
  });
});

test('cookies are removed from texts, also those of the session before; words are not', async () => {
  site.answer((url, response, request) => {
    if (url.pathname === '/login') response.appendHeader('set-cookie', 'theme=bright; Path=/');
    return portal(url, response, request);
  });
  await ask();
  expect(tools.tokens.redact('session-1-abcdef bright')).toBe('[redacted] bright');
  session = 'ended';
  await ask();
  expect(tools.tokens.redact('session-1-abcdef session-2-abcdef')).toBe('[redacted] [redacted]');
});

describe('a login that was refused', () => {
  let nowMs = 0;
  const wrong = (url: URL, response: Parameters<Handler>[1]) => {
    if (url.pathname === '/login') logins++;
    response.writeHead(401).end('wrong password');
  };
  const minutes = (count: number) => (nowMs += count * 60_000);

  beforeEach(() => {
    nowMs = Date.parse('2026-11-08T12:00:00Z');
    tools = { ...tools, tokens: createAccessTokens(client, { now: () => nowMs }) };
    site.answer(wrong);
  });

  test('is not sent again with each poll, and waits longer each time: the server may lock the account', async () => {
    expect((await failure())?.message).toContain('check the user and password in auth.login');
    expect((await failure())?.message).toContain(
      'auth.login is not sent again before 2026-11-08T12:05:00.000Z, because the server may lock an account',
    );
    for (let minute = 0; minute < 60; minute++) {
      minutes(1);
      await failure();
    }
    expect(logins).toBe(4);
    minutes(24 * 60);
    await failure();
    minutes(79);
    await failure();
    expect(logins).toBe(5);
  });

  test('is not sent by other sources of the same account either, also if all start at once', async () => {
    const errors = await Promise.all(['a', 'b', 'c'].map((name) => failure({ name })));
    expect(errors.every((error) => error instanceof SourceRefused && error.ofCredentials)).toBe(true);
    expect(logins).toBe(1);
  });

  test('is sent at once where the password was changed, and a success ends the waiting', async () => {
    await failure();
    site.answer(portal);
    const changed = auth({ login: { ...auth().login, body: { user: 'me', password: 'corrected' } } });
    expect(await ask({ auth: changed })).toMatchObject({ kind: 'document' });
    minutes(6);
    expect(await ask({ name: 'again' })).toMatchObject({ kind: 'document' });
    site.answer(wrong);
    await failure({ name: 'later' });
    expect((await failure({ name: 'later' }))?.message).toContain('before 2026-11-08T12:11:00.000Z');
  });

  test.each([
    ['is unavailable', 503],
    ['has no such page', 404],
    ['gives no session', 200],
  ])('is sent again at once where the server %s: that says nothing about the password', async (_what, status) => {
    site.answer((_url, response) => {
      logins++;
      response.writeHead(status).end('maintenance');
    });
    await failure();
    expect((await failure())?.message).not.toContain('is not sent again');
    expect(logins).toBe(2);
  });

  test('does not make others wait longer than their own timeout for one that hangs', async () => {
    let [open, most] = [0, 0];
    site.answer((_url, response) => {
      most = Math.max(most, ++open);
      response.once('close', () => open--);
    });
    const errors = await Promise.all(['a', 'b', 'c', 'd'].map((name) => failure({ name, timeoutMs: 300 })));
    expect(errors.every((error) => error instanceof SourceUnavailable)).toBe(true);
    // Those that waited for the first one ask at the same time.
    expect(most).toBeGreaterThan(1);
  });
});
