import { rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import {
  DaybookError,
  SourceRefused,
  SourceUnavailable,
  TooCostly,
  WrongShape,
} from '../../../../src/domain/errors.ts';
import { noopMetrics } from '../../../../src/domain/run/metrics.ts';
import { unlimited } from '../../../../src/domain/plan/host-budget.ts';
import type { ModulePlan } from '../../../../src/domain/plan/source-plan.ts';
import type { SourceState } from '../../../../src/domain/state/source-state.ts';
import { createAccessTokens } from '../../../../src/sources/http/auth.ts';
import { createHttpClient } from '../../../../src/sources/http/http-client.ts';
import { firstModulePosition, readModulePages } from '../../../../src/sources/modules/module-source.ts';
import { ModuleLoader } from '../../../../src/sources/modules/module-loader.ts';
import { ModuleThreads } from '../../../../src/sources/modules/module-threads.ts';
import type { Page } from '../../../../src/sources/extraction/page.ts';
import { startOrigin, type Origin } from '../../../support/servers/origin.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { context, modulePlan, readAll, state } from '../plans.ts';

const folder = temporaryFolder();
const client = createHttpClient('daybook/test');
const origins: Origin[] = [];
afterEach(() => Promise.all(origins.splice(0).map((origin) => origin.close())));
afterAll(async () => {
  await tools.modules.close();
  await client.close();
  rmSync(folder, { recursive: true });
});

const tools = {
  modules: new ModuleThreads(),
  resolvePath: (path: string) => join(folder, path),
  http: {
    client,
    tokens: createAccessTokens(client),
    robots: { check: async () => null },
    budget: unlimited,
    limitOf: () => null,
    measures: noopMetrics,
  },
};
let files = 0;

interface Reading {
  readonly plan?: Partial<ModulePlan>;
  readonly before?: SourceState;
  readonly signal?: AbortSignal;
}

/** All pages of a module with this text. */
async function read(text: string, { plan = {}, before = state, signal = context.signal }: Reading = {}) {
  const module = `module-${files++}.ts`;
  writeFileSync(join(folder, module), text);
  const pages: Page[] = [];
  const given = { ...context, signal };
  const found = readModulePages(modulePlan({ module, ...plan }), firstModulePosition(before), tools, given);
  for await (const page of found) pages.push(page);
  return pages;
}

const failureOf = (text: string, reading: Reading = {}) =>
  read(text, reading).then(
    () => null,
    (error: unknown) => error as Error,
  );

/** Watches this thread: the longest time that it was blocked. */
function countBeats() {
  let longest = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }, 20);
  return {
    longestMs() {
      clearInterval(timer);
      return longest;
    },
  };
}

const values = (page: Page | undefined) =>
  page && readAll(page.items).map((item) => ('raw' in item ? item.raw.value : item.rejection.reason));

describe('a module of a source with a mask', () => {
  const shaping = { mask: { fields: { email: 'redact' }, key: null } } as const;
  test.each([
    [
      'throws',
      `export default function* () { throw new RangeError('ann@example.com') }`,
      /RangeError at .*whose message is not/,
    ],
    [
      'yields no page',
      `export default function* () { yield { email: 'ann@example.com' } }`,
      /yielded what is not shown/,
    ],
    [
      'fails beside its pages',
      `export default async function* () { setTimeout(() => { throw new Error('ann@example.com') }); await new Promise(() => {}) }`,
      /outside of its pages/,
    ],
  ])('shows nothing of what it read where it %s', async (_, text, expected) => {
    const failure = await failureOf(text, { plan: { shaping } });
    expect(failure?.message).toMatch(expected);
    expect(failure?.message).not.toContain('ann@example.com');
  });
});

describe('a module', () => {
  test('yields pages of records, each with its cursor', async () => {
    const pages = await read(`
      export default async function* ({ cursor }: { cursor: unknown }): AsyncGenerator<object> {
        for (let page = Number(cursor ?? 1); page <= 3; page++) {
          yield { records: [{ id: page }], ...(page < 3 ? { cursor: page + 1 } : {}) };
        }
      }`);
    expect(pages.map(values)).toEqual([[{ id: 1 }], [{ id: 2 }], [{ id: 3 }]]);
    expect(pages.map(({ next }) => next)).toMatchObject([{ page: 1, cursor: '2' }, { page: 2, cursor: '3' }, null]);
  });

  test('continues at the cursor of an unfinished poll, and receives its start time', async () => {
    const unfinished = { page: 4, cursor: '{"token":"x"}', skip: 0, since: 'then', watermark: null };
    const before = { ...state, unfinished: { ...unfinished, keysKept: 0, keyBlobs: [] }, watermark: 'later' };
    const text = `export default function* ({ cursor, since }) { yield { records: [{ cursor, since }] }; }`;
    expect((await read(text, { before })).map(values)).toEqual([[{ cursor: { token: 'x' }, since: 'then' }]]);
    expect((await read(text, { before: { ...state, watermark: 'later' } })).map(values)).toEqual([
      [{ cursor: null, since: 'later' }],
    ]);
  });

  test('is given its options and its name', async () => {
    const pages = await read(
      `export default function* ({ source, options }) { yield { records: [{ source, ...options }] }; }`,
      { plan: { options: { depth: 2 } } },
    );
    expect(values(pages[0])).toEqual([{ source: 'news', depth: 2 }]);
  });

  test('may yield nothing at all', async () => {
    expect((await read('export default async function* () {}')).map(({ items, next }) => [items, next])).toEqual([
      [[], null],
    ]);
  });

  test('is reloaded when its file has changed', async () => {
    const path = join(folder, 'changing.ts');
    const loader = new ModuleLoader();
    writeFileSync(path, 'export default () => 1');
    expect(await loader.load('news', path)).toBe(await loader.load('news', path));
    writeFileSync(path, 'export default () => 2');
    utimesSync(path, 1, 1);
    expect(((await loader.load('news', path)) as () => unknown)()).toBe(2);
  });
});

describe('a record of a module', () => {
  test('is stored as its JSON', async () => {
    const pages = await read(
      `export default function* () { yield { records: [{ at: new Date(0), gone: undefined, n: NaN }] }; }`,
    );
    expect(values(pages[0])).toEqual([{ at: '1970-01-01T00:00:00.000Z', n: null }]);
  });

  test.each([
    ['that refers to itself', 'const r = { id: 1 }; r.self = r;', 'r', /circular/],
    ['with a BigInt', '', '{ id: 1n }', /BigInt/],
    ['that is undefined', '', 'undefined', /undefined has no JSON/],
    ['that is a function', '', '() => 1', /function has no JSON/],
  ])('%s is a dead letter beside its neighbours', async (_what, before, record, message) => {
    const [page] = await read(
      `export default function* () { ${before} yield { records: [{ id: 'a' }, ${record}, { id: 'c' }] }; }`,
    );
    expect(values(page)).toEqual([{ id: 'a' }, 'wrong_shape', { id: 'c' }]);
    const bad = page?.items[1];
    expect(bad && 'rejection' in bad && bad.rejection.message).toMatch(message);
    expect(bad && 'rejection' in bad && JSON.parse(bad.recordText)).not.toBe('');
  });
});

describe('a broken module', () => {
  test.each([
    ['has no such file', null, SourceRefused, /could not be read/],
    ['does not parse', 'export default function* ( {', SourceRefused, /could not be loaded/],
    ['exports nothing as default', 'export const pages = 1', SourceRefused, /exports nothing as default/],
    ['exports no function', 'export default { records: [] }', SourceRefused, /exports object as default/],
    ['is no generator', 'export default async () => []', WrongShape, /returns a promise, expected an async generator/],
    ['returns nothing', 'export default () => {}', WrongShape, /returns undefined/],
    ['yields records without a page', 'export default function* () { yield [{ id: 1 }] }', WrongShape, /yielded \[/],
    ['yields null', 'export default function* () { yield null }', WrongShape, /yielded null/],
    [
      'yields a page behind one without a cursor',
      'export default function* () { yield { records: [] }; yield { records: [] } }',
      WrongShape,
      /another page after one without a cursor/,
    ],
    [
      'has a cursor without JSON',
      'export default function* () { yield { records: [], cursor: 1n } }',
      WrongShape,
      /cursor that cannot be written as JSON/,
    ],
    ['throws', 'export default function* () { throw new Error("site is down") }', SourceUnavailable, /site is down/],
    [
      'throws for good',
      'export default function* () { throw Object.assign(new Error("gone"), { retryable: false }) }',
      SourceRefused,
      /gone/,
    ],
  ])('where it %s', async (_what, text, type, message) => {
    const error = text === null ? await failureOf('', { plan: { module: 'none.ts' } }) : await failureOf(text);
    expect(error).toBeInstanceOf(type);
    expect(error?.message).toMatch(message);
  });

  test('with an unawaited failure fails its own run, with its own message', async () => {
    const error = await failureOf(
      `export default async function* () { void Promise.reject(new Error('floating')); await new Promise(() => {}); }`,
    );
    expect(error?.constructor).toEqual(SourceUnavailable);
    expect(error?.message).toBe('module: news failed: floating');
    const thrown = await failureOf(
      `export default async function* () { setTimeout(() => { throw new Error('late'); }); await new Promise(() => {}); }`,
    );
    expect(thrown?.constructor).toEqual(SourceUnavailable);
    expect(thrown?.message).toBe('module: news failed: late');
  });

  const quickly = { compute: { recordCpuMs: 300, pageCpuMs: 300 } };
  /** For modules that keep to it, also while others use the processors. */
  const inTime = { compute: { recordCpuMs: 1_000, pageCpuMs: 1_000 } };
  test.each([
    ['process.exit(0)', SourceRefused, /called process\.exit\(0\)/],
    ['process.exit(3)', SourceRefused, /called process\.exit\(3\)/],
    ['while (true);', TooCostly, /more than 300ms between two awaits/],
    ['for (;;) await null;', TooCostly, /more than 300ms between two awaits/],
    ['const held = []; for (;;) held.push(new Array(1e6).fill(0));', TooCostly, /more than 512 MB/],
    ['process.abort();', SourceUnavailable, /process\.abort/],
  ])('fails only its own source by %s', async (body, type, message) => {
    // Loading the module counts as well: only what computes for ever has little time.
    const plan = body.startsWith('while') || body.startsWith('for') ? quickly : {};
    const beats = countBeats();
    const hostile = failureOf(`export default async function* () { ${body} }`, { plan: { name: 'hostile', ...plan } });
    const healthy = await read(`export default function* () { yield { records: [{ id: 1 }] }; }`);
    expect(healthy.map(values)).toEqual([[{ id: 1 }]]);
    const error = await hostile;
    expect(error).toBeInstanceOf(type);
    expect(error?.message).toMatch(message);
    expect(beats.longestMs()).toBeLessThan(1_000);
    // The next poll finds a thread as before.
    expect(
      await read(`export default function* () { yield { records: [] }; }`, { plan: { name: 'hostile' } }),
    ).toHaveLength(1);
  });

  test.each(['process.exit(1);', 'while (true);', 'throw new Error("at once");'])(
    'that does %s when it is loaded fails its own run',
    async (body) => {
      const error = await failureOf(`${body} export default function* () {}`, { plan: quickly });
      expect(error).toBeInstanceOf(DaybookError);
    },
  );

  test('may compute for a long time if it awaits from time to time', async () => {
    const text = `export default async function* () {
      for (let n = 0; n < 12; n++) {
        const end = Date.now() + 100;
        while (Date.now() < end);
        await new Promise((resolve) => setImmediate(resolve));
      }
      yield { records: [{ id: 1 }] };
    }`;
    expect((await read(text, { plan: inTime })).map(values)).toEqual([[{ id: 1 }]]);
  });

  test('may wait for longer than it may compute', async () => {
    const text = `export default async function* () {
      await new Promise((resolve) => setTimeout(resolve, 1_200));
      yield { records: [{ id: 1 }] };
    }`;
    expect((await read(text, { plan: inTime })).map(values)).toEqual([[{ id: 1 }]]);
  });

  test('is abandoned if it hangs and its run is cancelled', async () => {
    const stop = new AbortController();
    const hanging = failureOf('export default async function* () { await new Promise(() => {}); }', {
      signal: stop.signal,
    });
    setTimeout(() => stop.abort(new Error('cancelled')), 50);
    expect((await hanging)?.message).toBe('cancelled');
  });
});

test('a module keeps its variables from one fetch to the next, apart from those of other sources', async () => {
  const module = `module-${files++}.ts`;
  writeFileSync(
    join(folder, module),
    'let calls = 0; export default function* () { yield { records: [{ calls: ++calls }] }; }',
  );
  const count = async (name: string) => {
    const plan = modulePlan({ module, name });
    const pages: Page[] = [];
    for await (const page of readModulePages(plan, firstModulePosition(state), tools, context)) pages.push(page);
    return pages.map(values);
  };
  expect(await count('a')).toEqual([[{ calls: 1 }]]);
  expect(await count('a')).toEqual([[{ calls: 2 }]]);
  expect(await count('b')).toEqual([[{ calls: 1 }]]);
});

describe('context.fetch', () => {
  const fetching = (origin: Origin, request = '') =>
    `export default async function* ({ fetch }) {
      const response = await fetch('${origin.url}/x'${request});
      yield { records: [response.json()] };
    }`;
  async function start(...parameters: Parameters<typeof startOrigin>): Promise<Origin> {
    const origin = await startOrigin(...parameters);
    origins.push(origin);
    return origin;
  }

  test('has text in the charset that the response or the configuration names', async () => {
    const origin = await start((url, response) => {
      response.setHeader('content-type', url.pathname === '/koi8' ? 'text/plain; charset=koi8-r' : 'text/plain');
      response.end(Buffer.from([0xd4, 0xc1, 0xcb]));
    });
    const module = (path: string) =>
      `export default async function* ({ fetch }) {
        yield { records: [{ text: (await fetch('${origin.url}${path}')).text() }] };
      }`;
    const textOf = async (path: string, plan: Partial<ModulePlan>) => (await read(module(path), { plan })).map(values);
    expect(await textOf('/koi8', {})).toEqual([[{ text: 'так' }]]);
    expect(await textOf('/', { encoding: 'koi8-r' })).toEqual([[{ text: 'так' }]]);
    expect(await textOf('/', {})).toEqual([[{ text: '\ufffd\ufffd\ufffd' }]]);
  });

  test('returns what the server sends', async () => {
    const origin = await start((_url, response, request) => {
      response.end(JSON.stringify({ id: request.headers['x-key'], method: request.method }));
    });
    const pages = await read(fetching(origin, `, { headers: { 'X-Key': 'k' }, body: '{}' }`));
    expect(values(pages[0])).toEqual([{ id: 'k', method: 'POST' }]);
  });

  test('throws for an error status, and the run fails as with other sources', async () => {
    const origin = await start((_url, response) => void response.writeHead(403).end());
    expect(await failureOf(fetching(origin))).toBeInstanceOf(SourceRefused);
    origin.answer((_url, response) => void response.writeHead(429, { 'retry-after': '7' }).end());
    expect(await failureOf(fetching(origin))).toMatchObject({ retryAfterMs: 7_000 });
  });

  test('requests no private address unless allowed', async () => {
    const origin = await start();
    const error = await failureOf(fetching(origin), { plan: { allowPrivate: false } });
    expect(error?.message).toMatch(/private|loopback/);
    expect(origin.requests).toEqual([]);
  });
});
