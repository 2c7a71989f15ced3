import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { HostBusy, LoginNeeded, SourceRefused, SourceUnavailable } from '../../../../src/domain/errors.ts';
import type { RefreshTokenPlan } from '../../../../src/domain/plan/auth-plan.ts';
import { sha256 } from '../../../../src/formats/sha256.ts';
import { RefreshTokens, type ChainClock } from '../../../../src/sources/auth/refresh-tokens.ts';
import { createHttpClient, type HttpClient } from '../../../../src/sources/http/http-client.ts';
import type { BlobStore } from '../../../../src/store/blobs/blob-store.ts';
import { createDirectoryStore } from '../../../../src/store/blobs/directory-store.ts';
import { createTokenChains } from '../../../../src/store/run/token-chains.ts';
import { until } from '../../../support/until.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { httpPlan } from '../plans.ts';
import { startRotatingServer, type RotatingServer } from './rotating-server.ts';

const first = 'refresh-token-0';
const key = randomBytes(32);
const client = createHttpClient('daybook/test');
let server: RotatingServer;
let folder: string;
let nowMs: number;

beforeEach(async () => {
  [server, folder, nowMs] = [await startRotatingServer(first), temporaryFolder(), Date.now()];
});
afterEach(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});
afterAll(() => client.close());

const auth = (refreshToken = first): RefreshTokenPlan => ({
  type: 'oauth2_refresh_token',
  tokenUrl: server.url,
  clientId: 'id',
  clientSecret: 'client-secret',
  scope: null,
  refreshToken,
});
const plan = (refreshToken = first) => ({ ...httpPlan(), auth: auth(refreshToken) });

/** Time passes faster where something waits. */
const clock: ChainClock = {
  now: () => nowMs,
  async sleep(ms) {
    nowMs += Math.min(ms, 250);
    await sleep(2);
  },
};
const realClock: ChainClock = { now: Date.now, sleep: (ms) => sleep(ms) };

/** A process that gets tokens. */
function holder({
  store = createDirectoryStore(folder),
  keyOf = () => key,
  http = client,
  time = clock,
}: { store?: BlobStore; keyOf?: () => Uint8Array; http?: HttpClient; time?: ChainClock } = {}) {
  return new RefreshTokens(http, createTokenChains(store, keyOf, time.now), () => {}, time);
}

const chainFolder = (token = first) => join(folder, 'tokens', sha256(token));
const failure = async (work: Promise<unknown>) =>
  work.then(
    () => null,
    (error: unknown) => error as Error,
  );
/** An access token lives an hour. */
const anHour = () => void (nowMs += 3_600_000);

describe('a chain of refresh tokens', () => {
  test('is followed from one access token to the next, also by another process and after a restart', async () => {
    const one = holder();
    expect((await one.token(plan())).accessToken).toBe('access-token-1');
    expect((await one.token(plan())).accessToken).toBe('access-token-1');
    expect((await holder().token(plan())).accessToken).toBe('access-token-1');
    anHour();
    expect((await holder().token(plan())).accessToken).toBe('access-token-2');
    expect((await one.token(plan())).accessToken).toBe('access-token-2');
    expect(server.used).toEqual(['refresh-token-0', 'refresh-token-1']);
  });

  test('asks once for many requests and processes at once', async () => {
    const many = Array.from({ length: 6 }, () => holder({ time: realClock }));
    const links = await Promise.all(many.flatMap((one) => [one.token(plan()), one.token(plan())]));
    expect(new Set(links.map(({ accessToken }) => accessToken))).toEqual(new Set(['access-token-1']));
    expect(server.used).toEqual([first]);
  });

  test('replaces an access token that was refused', async () => {
    const one = holder();
    const { accessToken } = await one.token(plan());
    one.forget(auth(), accessToken);
    expect((await one.token(plan())).accessToken).toBe('access-token-2');
  });

  test('keeps its tokens encrypted, bound to their place, and no more than the last', async () => {
    const one = holder();
    for (let n = 0; n < 4; n++) {
      await one.token(plan());
      anHour();
    }
    const names = readdirSync(chainFolder()).sort();
    expect(names).toEqual(['4', '4.claim']);
    const written = names.map((name) => readFileSync(join(chainFolder(), name), 'utf8')).join('\n');
    expect(written).not.toMatch(/token-\d|secret/);
    expect(Buffer.from(JSON.parse(written.split('\n')[0] ?? '').sealed, 'base64').toString('latin1')).not.toContain(
      'token',
    );
    writeFileSync(join(chainFolder(), '5'), readFileSync(join(chainFolder(), '4')));
    expect(await failure(holder().token(plan()))).toBeInstanceOf(LoginNeeded);
  });

  test('starts from scratch with another token of the configuration', async () => {
    await holder().token(plan());
    const other = await startRotatingServer('another-token');
    const moved = { ...plan('another-token'), auth: { ...auth('another-token'), tokenUrl: other.url } };
    expect((await holder().token(moved)).accessToken).toBe('access-token-1');
    expect(other.used).toEqual(['another-token']);
    await other.close();
  });

  test('continues with the same token where the server does not replace it', async () => {
    const same: HttpClient = {
      ...client,
      send: async (request, signal) => {
        const answer = await client.send(request, signal);
        const { refresh_token: _, ...rest } = JSON.parse(answer.body.toString()) as Record<string, unknown>;
        return { ...answer, body: Buffer.from(JSON.stringify(rest)) };
      },
    };
    await holder({ http: same }).token(plan());
    anHour();
    await failure(holder({ http: same }).token(plan()));
    expect(server.used).toEqual([first, first]);
  });

  test('is not begun without a key, and not read with another one', async () => {
    const withoutKey = holder({
      keyOf: () => {
        throw new SourceRefused('no key');
      },
    });
    expect((await failure(withoutKey.token(plan())))?.message).toBe('no key');
    expect(server.used).toEqual([]);
    await holder().token(plan());
    const error = await failure(holder({ keyOf: () => randomBytes(32) }).token(plan()));
    expect(error).toBeInstanceOf(LoginNeeded);
    expect(error?.message).toContain('cannot be decrypted with DAYBOOK_KEY');
    expect(server.used).toEqual([first]);
  });
});

describe('a token endpoint that', () => {
  test('refuses the token needs a login, and is asked twice at most', async () => {
    const wrong = plan('never-valid');
    for (let poll = 0; poll < 5; poll++) {
      const error = await failure(holder().token(wrong));
      expect([LoginNeeded, HostBusy].some((type) => error instanceof type)).toBe(true);
      nowMs += 61_000;
    }
    const error = await failure(holder().token(wrong));
    expect(error).toBeInstanceOf(LoginNeeded);
    expect(error?.message).toContain('log in again, and set auth.refresh_token');
    expect(error?.message).not.toContain('never-valid');
    expect(server.used).toEqual(['never-valid', 'never-valid']);
  });

  test.each([
    [{ status: 503 }, SourceUnavailable],
    [{ status: 500 }, SourceUnavailable],
    [{ status: 401, error: 'invalid_client' }, SourceRefused],
    [{ status: 404 }, SourceRefused],
  ])('answers %j uses up no attempt', async (failWith, type) => {
    server.failWith = failWith;
    for (let poll = 0; poll < 4; poll++) expect(await failure(holder().token(plan()))).toBeInstanceOf(type);
    server.failWith = null;
    expect((await holder().token(plan())).accessToken).toBe('access-token-1');
  });
});

const typeOf = (result: string | LoginNeeded) => (typeof result === 'string' ? result : result.type);

class Killed extends Error {}

/** A store whose process dies at a step: nothing of it happens later. `before`: the step itself does not happen any more. */
function dyingAt(step: number, before: boolean): { store: BlobStore; http: HttpClient; steps: () => number } {
  const store = createDirectoryStore(folder);
  let count = 0;
  let dead = false;
  async function at<T>(work: () => Promise<T>): Promise<T> {
    if (dead) throw new Killed();
    const isLast = ++count === step;
    if (isLast && before) dead = true;
    if (dead) throw new Killed();
    const result = await work();
    if (isLast) dead = true;
    if (dead) throw new Killed();
    return result;
  }
  return {
    steps: () => count,
    http: { ...client, send: (request, signal) => at(() => client.send(request, signal)) },
    store: {
      ...store,
      putIfAbsent: (path, content) => at(() => store.putIfAbsent(path, content)),
      get: (path) => at(() => store.get(path)),
      list: (path) => at(() => store.list(path)),
      delete: (path) => at(() => store.delete(path)),
    },
  };
}

/** What other polls come to, until there is a token or a login is needed. */
async function settled(): Promise<string | LoginNeeded> {
  for (let poll = 0; poll < 10; poll++) {
    const result = await holder()
      .token(plan())
      .catch((error: unknown) => error);
    if (result instanceof LoginNeeded) return result;
    if (!(result instanceof Error)) return (result as { accessToken: string }).accessToken;
    expect(result).toBeInstanceOf(HostBusy);
    nowMs += (result as HostBusy).waitMs;
  }
  throw new Error('expected a token or a login that is needed');
}

const steps = Array.from({ length: 12 }, (_, index) => index + 1);
const kills = steps.flatMap((step) =>
  [true, false].flatMap((before) => [0, 1].map((links) => ({ step, before, links }))),
);

describe('a kill', () => {
  test.each(kills)(
    'at step $step (before it: $before) behind $links links ends with a usable token or a login that is needed',
    async ({ step, before, links }) => {
      for (let n = 0; n < links; n++) {
        await holder().token(plan());
        anHour();
      }
      const sentBefore = server.used.length;
      await holder(dyingAt(step, before))
        .token(plan())
        .catch(() => undefined);
      const wasReplaced = server.valid() !== `refresh-token-${links}`;
      const result = await settled();
      // A token that was used, and not saved, is lost; any other continues.
      const outcome = result instanceof LoginNeeded ? 'login' : server.accepts(result);
      expect([true, 'login']).toContain(outcome);
      expect(outcome === 'login' && !wasReplaced).toBe(false);
      expect(
        server.used.slice(sentBefore).filter((token) => token === `refresh-token-${links}`).length,
      ).toBeLessThanOrEqual(2);
      // It stays so.
      expect(typeOf(await settled())).toEqual(typeOf(result));
    },
  );

  test.each(steps)(
    'at step %i of one of two processes at once ends likewise, and no token is sent twice within a minute',
    async (step) => {
      const sentAt: [token: string, atMs: number][] = [];
      server.before = () => void sentAt.push([server.valid(), nowMs]);
      const results = await Promise.all([
        holder(dyingAt(step, step % 2 === 0))
          .token(plan())
          .catch(() => undefined),
        holder()
          .token(plan())
          .catch((error: unknown) => error),
      ]);
      const second = results[1];
      expect(second === undefined).toBe(false);
      const result = await settled();
      expect(result instanceof LoginNeeded || server.accepts(result)).toBe(true);
      const again = server.used.filter((token, index) => server.used.indexOf(token) < index);
      const spans = again.map((token) => {
        const times = sentAt.filter((_, index) => server.used[index] === token).map(([, atMs]) => atMs);
        return (times.at(-1) ?? 0) - (times[0] ?? 0);
      });
      expect(spans.filter((ms) => ms < 60_000)).toEqual([]);
    },
  );

  test('of two holders one after the other asks for a login, and no third attempt is made', async () => {
    // Each dies once the server has replaced the token.
    const sending = 4;
    await holder(dyingAt(sending + 1, true))
      .token(plan())
      .catch(() => undefined);
    nowMs += 61_000;
    await holder(dyingAt(sending + 2, true))
      .token(plan())
      .catch(() => undefined);
    nowMs += 61_000;
    expect(await settled()).toBeInstanceOf(LoginNeeded);
    expect(server.used.length).toBeLessThanOrEqual(2);
  });

  test('that leaves a result ends the alert: a slow holder that saves after all counts', async () => {
    const slow = holder();
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const http: HttpClient = {
      ...client,
      async send(request, signal) {
        const answer = await client.send(request, signal);
        await held;
        return answer;
      },
    };
    const asking = holder({ http }).token(plan());
    await until('the request of the slow holder', () => server.used.length === 1);
    nowMs += 61_000;
    expect(await settled()).toBeInstanceOf(LoginNeeded);
    release();
    expect((await asking).accessToken).toBe('access-token-1');
    expect((await slow.token(plan())).accessToken).toBe('access-token-1');
  });
});

test('a store that cannot be written for a while loses no token', async () => {
  const store = createDirectoryStore(folder);
  let isDown = false;
  const failing: BlobStore = {
    ...store,
    putIfAbsent: (path, content) => {
      if (isDown && !path.endsWith('.claim')) return Promise.reject(new SourceUnavailable('the store is down'));
      return store.putIfAbsent(path, content);
    },
  };
  const one = holder({ store: failing });
  isDown = true;
  expect((await failure(one.token(plan())))?.message).toBe('the store is down');
  expect((await failure(one.token(plan())))?.message).toBe('the store is down');
  isDown = false;
  expect((await one.token(plan())).accessToken).toBe('access-token-1');
  expect((await holder().token(plan())).accessToken).toBe('access-token-1');
  expect(server.used).toEqual([first]);
});

test('all tokens that are in use are secrets', async () => {
  const one = holder();
  await one.token(plan());
  expect(one.secrets()).toEqual(['refresh-token-1', 'access-token-1']);
});
