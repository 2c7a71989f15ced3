import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { HostBusy, RobotsDisallowed, SourceRefused, SourceUnavailable } from '../../../../src/domain/errors.ts';
import { noopMetrics } from '../../../../src/domain/run/metrics.ts';
import { unlimited, type HostBudget } from '../../../../src/domain/plan/host-budget.ts';
import type { AuthPlan } from '../../../../src/domain/plan/auth-plan.ts';
import type { HttpJsonPlan } from '../../../../src/domain/plan/source-plan.ts';
import { createAccessTokens } from '../../../../src/sources/http/auth.ts';
import { fetchDocument, type HttpTools } from '../../../../src/sources/http/fetch-document.ts';
import { createHttpClient } from '../../../../src/sources/http/http-client.ts';
import { createRobotsRules } from '../../../../src/sources/http/robots.ts';
import { startOrigin, type Handler, type Origin } from '../../../support/servers/origin.ts';
import { context, httpPlan } from '../plans.ts';

const client = createHttpClient('daybook/test');
let origin: Origin;
let other: Origin;
beforeAll(async () => {
  [origin, other] = [await startOrigin(), await startOrigin()];
});
afterAll(async () => {
  await client.close();
  await origin.close();
  await other.close();
});

let tools: HttpTools;
beforeEach(() => {
  const [tokens, robots] = [createAccessTokens(client), createRobotsRules(client, 'daybook')];
  tools = { client, tokens, robots, budget: unlimited, limitOf: () => null, measures: noopMetrics };
});

const ask = (fields: Partial<HttpJsonPlan> = {}, url = `${origin.url}/items?a=1`, followed = false) =>
  fetchDocument(
    httpPlan({ url: `${origin.url}/items`, ...fields }),
    { url: new URL(url), followed, accept: 'application/json', conditions: {} },
    tools,
    context,
  );
const failure = (...args: Parameters<typeof ask>) =>
  ask(...args).then(
    () => null,
    (error: unknown) => error as Error,
  );
const headers = () => origin.lastHeaders();

describe('auth', () => {
  test.each<[AuthPlan, string, string]>([
    [{ type: 'bearer', token: 't0ken' }, 'authorization', 'Bearer t0ken'],
    [
      { type: 'http_basic', username: 'ü', password: 'p:w' },
      'authorization',
      `Basic ${Buffer.from('ü:p:w').toString('base64')}`,
    ],
    [{ type: 'api_key', name: 'X-Key', location: 'header', apiKey: 'k3y' }, 'x-key', 'k3y'],
  ])('%j is sent in a header', async (auth, name, value) => {
    origin.answer((_url, response) => void response.end('[]'));
    await ask({ auth });
    expect(headers()[name]).toBe(value);
  });

  test('with a key in the query adds it to every request', async () => {
    await ask({ auth: { type: 'api_key', name: 'key', location: 'query', apiKey: 'k&y' } });
    expect(origin.requests.at(-1)).toBe('/items?a=1&key=k%26y');
  });

  test('is not sent to another origin: neither through a link nor through a redirect', async () => {
    const plan: Partial<HttpJsonPlan> = {
      headers: { 'X-Api-Key': 's3cret' },
      auth: { type: 'api_key', name: 'key', location: 'query', apiKey: 'k3y' },
    };
    await ask(plan, `${other.url}/next`, true);
    origin.answer((_url, response) => void response.writeHead(302, { location: `${other.url}/moved` }).end());
    await ask(plan);
    expect(other.requests).toEqual(['/next', '/moved']);
    expect(JSON.stringify(other.lastHeaders())).not.toMatch(/s3cret|k3y/);
  });

  test('that was not sent after a redirect is mentioned if the other origin refuses', async () => {
    const auth: AuthPlan = { type: 'bearer', token: 't0ken' };
    origin.answer((_url, response) => void response.writeHead(302, { location: `${other.url}/moved` }).end());
    for (const status of [401, 403]) {
      other.answer((_url, response) => void response.writeHead(status).end());
      expect((await failure({ auth }))?.message).toContain(
        `answered ${status}, expected 200 or 304; it redirects from ${origin.url} to ${other.url}, and auth and headers are not sent`,
      );
    }
    // A redirect within the origin, or a page that was elsewhere from the start, says nothing of it.
    origin.answer((url, response) => {
      const inner = url.pathname === '/items';
      response.writeHead(inner ? 302 : 401, inner ? { location: '/inner' } : {}).end();
    });
    expect((await failure({ auth }))?.message).toMatch(
      /check the credentials in auth or headers; requested \S+\/items$/,
    );
    expect((await failure({}, `${other.url}/next`, true))?.message).toMatch(/check the credentials/);
    other.answer((_url, response) => void response.end('[]'));
  });
});

describe('oauth2_client_credentials', () => {
  const auth = (): AuthPlan => ({
    type: 'oauth2_client_credentials',
    tokenUrl: `${origin.url}/token`,
    scope: 'read',
    clientId: 'id',
    clientSecret: 's e&cret',
  });
  let forms: string[];
  let given: number;
  let expiresIn: unknown;
  const server =
    (items: Handler): Handler =>
    async (url, response, request) => {
      if (url.pathname !== '/token') return items(url, response, request);
      let body = '';
      for await (const chunk of request) body += String(chunk);
      forms.push(body);
      response.end(JSON.stringify({ access_token: `token-${++given}`, token_type: 'Bearer', expires_in: expiresIn }));
    };
  beforeEach(() => {
    [forms, given, expiresIn] = [[], 0, 3_600];
    origin.answer(server((_url, response) => void response.end('[]')));
  });

  test('asks for a token once, and sends it along', async () => {
    await Promise.all([ask({ auth: auth() }), ask({ auth: auth() })]);
    await ask({ auth: auth() });
    expect(headers()['authorization']).toBe('Bearer token-1');
    expect(forms).toEqual(['grant_type=client_credentials&client_id=id&client_secret=s+e%26cret&scope=read']);
    expect(tools.tokens.secrets()).toEqual(['token-1']);
  });

  test('renews a token before it expires, and removes it from texts from then on', async () => {
    expiresIn = 0;
    expect(tools.tokens.redact('a token-1')).toBe('a token-1');
    await ask({ auth: auth() });
    expect(tools.tokens.redact('a token-1')).toBe('a [redacted]');
    await ask({ auth: auth() });
    expect(headers()['authorization']).toBe('Bearer token-2');
    expect(tools.tokens.redact('a token-2')).toBe('a [redacted]');
  });

  test('asks for another token once where one is refused', async () => {
    const strict = (valid: string): Handler =>
      server((_url, response, request) => {
        const fits = request.headers.authorization === `Bearer ${valid}`;
        response.writeHead(fits ? 200 : 401).end('[]');
      });
    origin.answer(strict('token-2'));
    expect(await ask({ auth: auth() })).toMatchObject({ kind: 'document' });
    origin.answer(strict('never'));
    expect(await failure({ auth: auth() })).toBeInstanceOf(SourceRefused);
    expect(given).toBe(3);
  });

  test.each([
    [401, { error: 'invalid_client' }, SourceRefused, /401 \(invalid_client\).*client_secret/],
    [200, { token: 'x' }, SourceRefused, /no access_token/],
    [200, 'no json', SourceRefused, /no access_token/],
    [503, {}, SourceUnavailable, /503/],
  ])('says what a token endpoint did wrong: %s %j', async (status, body, type, message) => {
    origin.answer((_url, response) => void response.writeHead(status).end(JSON.stringify(body)));
    const error = await failure({ auth: auth() });
    expect(error).toBeInstanceOf(type);
    expect(error?.message).toMatch(message);
    expect(error?.message).not.toContain('cret&');
  });
});

describe('method and body', () => {
  const received: Handler = async (_url, response, request) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    response.end(JSON.stringify([request.method, request.headers['content-type'] ?? null, body]));
  };
  const asked = async (...args: Parameters<typeof ask>) => {
    origin.answer(received);
    const answer = await ask(...args);
    return answer.kind === 'document' ? (JSON.parse(answer.response.body.toString()) as unknown) : answer.kind;
  };

  test('of a POST are sent: JSON for anything but a text', async () => {
    expect(await asked({ method: 'POST', body: { q: [1, null] } })).toEqual([
      'POST',
      'application/json',
      '{"q":[1,null]}',
    ]);
    const form = {
      method: 'POST',
      body: 'a=1',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    } as const;
    expect(await asked(form)).toEqual(['POST', 'application/x-www-form-urlencoded', 'a=1']);
    expect(await asked({ method: 'POST' })).toEqual(['POST', null, '']);
  });

  test('do not follow a link that the source gave', async () => {
    expect(await asked({ method: 'POST', body: 'a' }, `${origin.url}/next`, true)).toEqual(['GET', null, '']);
  });

  test('of a POST stay at their origin', async () => {
    const redirect =
      (status: number): Handler =>
      (_url, response) =>
        void response.writeHead(status, { location: `${other.url}/x` }).end();
    origin.answer(redirect(307));
    const before = other.requests.length;
    expect(await failure({ method: 'POST', body: 's3cret' })).toBeInstanceOf(SourceRefused);
    expect(other.requests).toHaveLength(before);
    // What a 303 asks for is a GET without a body.
    origin.answer(redirect(303));
    expect(await ask({ method: 'POST', body: 's3cret' })).toMatchObject({ kind: 'document' });
  });
});

describe('on_response', () => {
  const rule = (fields: object) => ({ onResponse: [{ status: null, bodyContains: null, action: 'fail', ...fields }] });
  const answering = (status: number, body = '[]') =>
    origin.answer((_url, response) => void response.writeHead(status).end(body));

  test('retries a response that would be refused', async () => {
    answering(403, 'API rate limit exceeded');
    const retry = rule({ status: 403, bodyContains: 'rate limit', action: 'retry' }) as Partial<HttpJsonPlan>;
    expect(await failure(retry)).toBeInstanceOf(SourceUnavailable);
    answering(403, 'forbidden');
    expect(await failure(retry)).toBeInstanceOf(SourceRefused);
  });

  test('refuses a response that would be accepted', async () => {
    answering(200, '{"error":"quota"}');
    expect(await failure(rule({ bodyContains: '"error"' }) as Partial<HttpJsonPlan>)).toBeInstanceOf(SourceRefused);
  });

  test('ignores a response that would fail', async () => {
    answering(404);
    expect(await ask(rule({ status: 404, action: 'ignore' }) as Partial<HttpJsonPlan>)).toMatchObject({
      kind: 'ignored',
    });
  });
});

describe('a host', () => {
  test('with a 429 is slowed down for all sources, for as long as it asks', async () => {
    const slowed: [string, number][] = [];
    const budget: HostBudget = {
      ...unlimited,
      slowDown: async (host, until) => void slowed.push([host, Math.round((until.getTime() - Date.now()) / 1_000)]),
    };
    tools = { ...tools, budget };
    const { host } = new URL(origin.url);
    const limited = (retryAfter?: string) =>
      origin.answer((_url, response) => {
        response.writeHead(429, retryAfter === undefined ? {} : { 'retry-after': retryAfter }).end();
      });
    limited('120');
    expect(await failure()).toMatchObject({ retryAfterMs: 120_000 });
    limited();
    expect(await failure()).toBeInstanceOf(SourceUnavailable);
    limited('864000');
    expect(await ask()).toMatchObject({ kind: 'rate_limited' });
    expect(slowed).toEqual([
      [host, 120],
      [host, 5],
      [host, 86_400],
    ]);
  });

  test('with a long queue is not called', async () => {
    const before = origin.requests.length;
    tools = { ...tools, budget: { ...unlimited, take: async () => ({ kind: 'later', waitMs: 9_000 }) } };
    expect(await failure()).toMatchObject({ waitMs: 9_000 });
    expect(await failure()).toBeInstanceOf(HostBusy);
    expect(origin.requests).toHaveLength(before);
  });
});

describe('robots.txt', () => {
  const rules = (status: number, text = '') =>
    origin.answer((url, response) => {
      if (url.pathname === '/robots.txt') response.writeHead(status).end(text);
      else response.end('[]');
    });
  const obeying = () => ({ obeyRobots: true });

  test('disallows pages, with a message', async () => {
    rules(200, 'User-agent: *\nDisallow: /items\n');
    const error = await failure(obeying());
    expect(error).toBeInstanceOf(RobotsDisallowed);
    expect(error?.message).toMatch(/robots\.txt disallows \/items for daybook.*robots: ignore/);
    expect(await ask(obeying(), `${origin.url}/open`)).toMatchObject({ kind: 'document' });
  });

  test('may allow Daybook by an exception, and is read once', async () => {
    rules(200, 'User-agent: *\nDisallow: /\nUser-agent: daybook\nAllow: /\n');
    const before = origin.requests.length;
    for (let n = 0; n < 3; n++) await ask(obeying());
    expect(origin.requests.slice(before).filter((path) => path === '/robots.txt')).toHaveLength(1);
  });

  test.each([404, 410, 403])('that is missing (%s) disallows nothing', async (status) => {
    rules(status);
    expect(await ask(obeying())).toMatchObject({ kind: 'document' });
  });

  test('that cannot be fetched disallows everything for now', async () => {
    rules(503);
    expect(await failure(obeying())).toBeInstanceOf(SourceUnavailable);
    rules(200);
    expect(await ask(obeying())).toMatchObject({ kind: 'document' });
  });

  test('sets the pace by its Crawl-delay', async () => {
    rules(200, 'User-agent: *\nCrawl-delay: 2\n');
    const limits: unknown[] = [];
    const take: HostBudget['take'] = async (_host, limit) => {
      limits.push(limit);
      return { kind: 'go', waitMs: 0 };
    };
    tools = { ...tools, budget: { ...unlimited, take } };
    await ask(obeying());
    expect(limits).toEqual([{ requests: 1, perMs: 2_000 }]);
  });

  test('is not requested if it is ignored', async () => {
    rules(200, 'User-agent: *\nDisallow: /\n');
    expect(await ask()).toMatchObject({ kind: 'document' });
  });

  test('of many megabytes is read as far as the standard asks', async () => {
    const text = `User-agent: *\nDisallow: /private\n${'# padding\n'.repeat(2_000_000)}`;
    origin.answer((url, response) => void response.end(url.pathname === '/robots.txt' ? text : '[]'));
    expect(await failure({ obeyRobots: true })).toBeNull();
    expect(await failure({ obeyRobots: true }, `${origin.url}/private/x`)).toBeInstanceOf(RobotsDisallowed);
  });

  test('with patterns that take too long fails at once, and says so', async () => {
    const text = `User-agent: *\n${`Disallow: /${'*a'.repeat(450)}b\n`.repeat(500)}`;
    origin.answer((url, response) => void response.end(url.pathname === '/robots.txt' ? text : '[]'));
    const startedAt = performance.now();
    const error = await failure({ obeyRobots: true }, `${origin.url}/${'a'.repeat(6_000)}`);
    expect(error?.message).toMatch(/robots\.txt takes more than 500 ms/);
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });
});

describe('the address that a document is said to be at', () => {
  test('has no credentials: links start from it', async () => {
    origin.answer((url, response) => {
      if (url.pathname === '/items') response.writeHead(302, { location: `/there${url.search}` }).end();
      else response.end('[]');
    });
    const auth = { type: 'api_key', name: 'key', location: 'query', apiKey: 's3cret' } as const;
    const answer = await ask({ auth, secretParams: ['token'] }, `${origin.url}/items?a=1&token=t0ken`);
    expect(origin.requests.at(-1)).toBe('/there?a=1&token=t0ken&key=s3cret');
    expect(answer).toMatchObject({ response: { url: `${origin.url}/there?a=1` } });
  });
});

describe('a 429', () => {
  test.each([{}, { 'retry-after': 'soon' }, { 'retry-after': '-5' }])(
    'that does not say for how long (%j) is retried after five seconds, and uses an attempt up',
    async (said) => {
      origin.answer((_url, response) => void response.writeHead(429, said).end());
      const error = await failure();
      expect(error).toBeInstanceOf(SourceUnavailable);
      expect((error as SourceUnavailable).retryAfterMs).toBe(5_000);
    },
  );
});

test('the address of a request with values is not shown of a source with a mask', async () => {
  origin.answer((_url, response) => void response.writeHead(404).end());
  const shaping = { mask: { fields: { email: 'redact' }, key: null } } as const;
  const url = `${origin.url}/items/ann%40example.com`;
  const shown = await failure({ templates: true }, url);
  expect(shown?.message).toContain('ann%40example.com');
  for (const hidden of [await failure({ templates: true, shaping }, url), await failure({ shaping }, url, true)]) {
    expect(hidden?.message).toMatch(/404.*requested an address that is not shown/);
    expect(hidden?.message).not.toContain('ann%40');
  }
});

describe('a redirect of a source with a mask', () => {
  const shaping = { mask: { fields: { email: 'redact' as const }, key: null } };
  const redirectTo = (location: string) =>
    origin.answer((_url, response) => void response.writeHead(302, { location }).end());

  test('to a host that cannot be found is not shown, although the configured address may be', async () => {
    redirectTo('http://jane-doe.invalid/profile');
    const masked = await failure({ shaping });
    expect(masked).toBeInstanceOf(SourceUnavailable);
    expect(masked?.message).toMatch(/could not be reached.* \(E[A-Z_]+\); its address is not shown/);
    expect(masked?.message).not.toContain('jane-doe');
    expect((await failure())?.message).toContain('jane-doe.invalid');
  });

  test('that would carry a body to another origin is not shown', async () => {
    redirectTo(`http://jane-doe.invalid/profile`);
    const error = await failure({ shaping, method: 'PUT', body: { a: 1 } });
    expect(error).toBeInstanceOf(SourceRefused);
    expect(error?.message).toContain('not shown, because the source has a mask');
    expect(error?.message).not.toContain('jane-doe');
  });

  test('to another origin that refuses is not shown', async () => {
    other.answer((_url, response) => void response.writeHead(403).end());
    redirectTo(`${other.url}/jane-doe`);
    const auth: AuthPlan = { type: 'bearer', token: 't0ken' };
    expect((await failure({ auth, shaping }))?.message).not.toContain(other.url);
    expect((await failure({ auth }))?.message).toContain(other.url);
  });
});
