import { rmSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { HostBusy } from '../../../../src/domain/errors.ts';
import type { ApiKeysPlan, KeyLocation } from '../../../../src/domain/plan/auth-plan.ts';
import { unlimited, type HostBudget } from '../../../../src/domain/plan/host-budget.ts';
import { noopMetrics } from '../../../../src/domain/run/metrics.ts';
import { createAccessTokens } from '../../../../src/sources/http/auth.ts';
import { fetchDocument, type Answer } from '../../../../src/sources/http/fetch-document.ts';
import { createHttpClient } from '../../../../src/sources/http/http-client.ts';
import { createDirectoryStore } from '../../../../src/store/blobs/directory-store.ts';
import { createHostBudgets } from '../../../../src/store/run/host-budgets.ts';
import { startOrigin, type Origin } from '../../../support/servers/origin.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { context, httpPlan } from '../plans.ts';

const client = createHttpClient('daybook/test');
let api: Origin;
let folder: string;
/** Requests of each key, as the API received them. */
let used: { readonly key: string; readonly atMs: number }[];
/** Keys that are answered with 429, and the seconds that they are to rest. */
let exhausted: Map<string, number>;

beforeAll(async () => {
  api = await startOrigin((_url, response, request) => {
    const key = String(request.headers['x-key']);
    used.push({ key, atMs: Date.now() });
    const rest = exhausted.get(key);
    if (rest === undefined) return void response.end('[]');
    response.writeHead(429, { 'retry-after': String(rest) }).end();
  });
});
afterAll(() => Promise.all([client.close(), api.close()]));
beforeEach(() => {
  [folder, used, exhausted] = [temporaryFolder(), [], new Map()];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const keys = ['key-a-1234', 'key-b-1234', 'key-c-1234'];
const auth = (fields: Partial<ApiKeysPlan> = {}): ApiKeysPlan => ({
  type: 'api_keys',
  name: 'X-Key',
  location: 'header',
  apiKeys: keys,
  limit: null,
  ...fields,
});

/** A worker that asks the API. */
function worker(budget: HostBudget = createHostBudgets(createDirectoryStore(folder))) {
  const tokens = createAccessTokens(client, { budget });
  const robots = { check: async () => null };
  const tools = { client, tokens, robots, budget, limitOf: () => null, measures: noopMetrics };
  return (plan = auth()): Promise<Answer | Error> =>
    fetchDocument(
      httpPlan({ url: `${api.url}/items`, auth: plan }),
      { url: new URL(`${api.url}/items`), followed: false, accept: '*/*', conditions: {} },
      tools,
      { signal: new AbortController().signal },
    ).catch((error: unknown) => error as Error);
}

const letters = () => used.map(({ key }) => key[4]).join('');
const kindOf = (answer: Answer | Error) => (answer instanceof Error ? answer.constructor.name : answer.kind);

describe('several keys', () => {
  test('are used one after the other, each until it is exhausted', async () => {
    const ask = worker();
    await ask();
    await ask();
    exhausted.set(keys[0] ?? '', 60);
    expect(kindOf(await ask())).toBe('document');
    await ask();
    exhausted.set(keys[1] ?? '', 60);
    expect(kindOf(await ask())).toBe('document');
    expect(letters()).toBe('aaabbbc');
  });

  test('that are exhausted are known to other workers, and the run waits for the first that is usable', async () => {
    for (const [index, key] of keys.entries()) exhausted.set(key, 100 + index);
    const ask = worker();
    await ask();
    expect(letters()).toBe('abc');
    for (const other of [ask, worker()]) {
      const answer = await other();
      expect(answer).toBeInstanceOf(HostBusy);
      expect((answer as HostBusy).waitMs).toBeGreaterThan(90_000);
      expect((answer as HostBusy).message).not.toMatch(/key-[abc]/);
    }
    expect(letters()).toBe('abc');
  });

  test('say nothing of the host, which other sources may ask', async () => {
    exhausted.set(keys[0] ?? '', 600);
    await worker()();
    const plan = httpPlan({ url: `${api.url}/items` });
    const budget = createHostBudgets(createDirectoryStore(folder));
    expect(await budget.take(new URL(plan.url).host, null, new Date())).toEqual({ kind: 'go', waitMs: 0 });
  });

  test('that must rest for long end the run', async () => {
    for (const key of keys) exhausted.set(key, 3_600);
    expect(kindOf(await worker()())).toBe('rate_limited');
    expect(letters()).toBe('abc');
  });

  test('are each tried once without a budget', async () => {
    for (const key of keys) exhausted.set(key, 5);
    expect(kindOf(await worker(unlimited)())).toBe('SourceUnavailable');
    expect(letters()).toBe('abc');
  });

  test('have a quota each, which holds for requests at once and for all workers together', async () => {
    const limit = { requests: 10, perMs: 2_000 };
    const workers = [worker(), worker()];
    const answers = await Promise.all(
      Array.from(
        { length: 24 },
        (_, index) => workers[index % 2]?.(auth({ limit })) ?? Promise.reject(new Error('no worker')),
      ),
    );
    expect(new Set(answers.map(kindOf))).toEqual(new Set(['document']));
    expect(new Set(letters())).toEqual(new Set('abc'));
    for (const key of keys) {
      const times = used.filter((request) => request.key === key).map(({ atMs }) => atMs);
      const most = times.map((from) => times.filter((atMs) => atMs >= from && atMs < from + limit.perMs).length);
      // One more: a request may be late, and the next one not.
      expect(Math.max(...most)).toBeLessThanOrEqual(limit.requests + 1);
    }
  });
});

test.each<[KeyLocation, string]>([
  ['query', '/items?X-Key=key-a-1234'],
  ['cookie', 'X-Key=key-a-1234'],
])('a key is sent as %s', async (location, expected) => {
  await worker()(auth({ location }));
  expect([api.requests.at(-1), api.lastHeaders().cookie]).toContain(expected);
});

test('a key in a cookie goes beside the cookies that are configured', async () => {
  const tokens = createAccessTokens(client);
  const tools = { client, tokens, robots: { check: async () => null }, budget: unlimited, limitOf: () => null };
  const plan = httpPlan({
    url: `${api.url}/items`,
    headers: { Cookie: 'consent=yes' },
    auth: { type: 'api_key', name: 'key', location: 'cookie', apiKey: 'k3y-value' },
  });
  const request = { url: new URL(plan.url), followed: false, accept: '*/*', conditions: {} };
  await fetchDocument(plan, request, { ...tools, measures: noopMetrics }, context);
  expect(api.lastHeaders().cookie).toBe('consent=yes; key=k3y-value');
});
