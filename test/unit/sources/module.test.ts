import { rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { SourceRefused, SourceUnavailable, WrongShape } from '../../../src/domain/errors.ts';
import { notMeasured } from '../../../src/domain/measures.ts';
import { unlimited } from '../../../src/domain/host-budget.ts';
import type { ModulePlan } from '../../../src/domain/source.ts';
import type { SourceState } from '../../../src/domain/state.ts';
import { createAccessTokens } from '../../../src/sources/http/auth.ts';
import { createHttpClient } from '../../../src/sources/http/http-client.ts';
import { firstModulePlace, readModulePages } from '../../../src/sources/module.ts';
import { ModuleLoader } from '../../../src/sources/modules/module-loader.ts';
import type { Page } from '../../../src/sources/page.ts';
import { startOrigin, type Origin } from '../../support/origin.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { context, modulePlan, state } from './plans.ts';

const folder = temporaryFolder();
const client = createHttpClient('daybook/test');
const origins: Origin[] = [];
afterEach(() => Promise.all(origins.splice(0).map((origin) => origin.close())));
afterAll(async () => {
  await client.close();
  rmSync(folder, { recursive: true });
});

const tools = {
  modules: new ModuleLoader(),
  resolvePath: (path: string) => join(folder, path),
  http: {
    ...{ client, tokens: createAccessTokens(client), robots: { check: async () => null } },
    ...{ budget: unlimited, limitOf: () => null, measures: notMeasured },
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
  const found = readModulePages(modulePlan({ module, ...plan }), firstModulePlace(before), tools, given);
  for await (const page of found) pages.push(page);
  return pages;
}

const failureOf = (text: string, reading: Reading = {}) =>
  read(text, reading).then(
    () => null,
    (error: unknown) => error as Error,
  );

const values = (page: Page | undefined) =>
  page?.items.map((item) => ('raw' in item ? item.raw.value : item.rejection.reason));

describe('a module', () => {
  test('yields pages of records, each with what comes after it', async () => {
    const pages = await read(`
      export default async function* ({ cursor }: { cursor: unknown }): AsyncGenerator<object> {
        for (let page = Number(cursor ?? 1); page <= 3; page++) {
          yield { records: [{ id: page }], ...(page < 3 ? { cursor: page + 1 } : {}) };
        }
      }`);
    expect(pages.map(values)).toEqual([[{ id: 1 }], [{ id: 2 }], [{ id: 3 }]]);
    expect(pages.map(({ next }) => next)).toMatchObject([{ page: 1, cursor: '2' }, { page: 2, cursor: '3' }, null]);
  });

  test('goes on at the cursor of an unfinished poll, and hears since when', async () => {
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

  test('is loaded anew when its file has changed', async () => {
    const path = join(folder, 'changing.ts');
    writeFileSync(path, 'export default () => 1');
    expect(await tools.modules.load('news', path)).toBe(await tools.modules.load('news', path));
    writeFileSync(path, 'export default () => 2');
    utimesSync(path, 1, 1);
    expect(((await tools.modules.load('news', path)) as () => unknown)()).toBe(2);
  });
});

describe('a record of a module', () => {
  test('is what its JSON says', async () => {
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

describe('a module that is wrong', () => {
  test.each([
    ['has no such file', null, SourceRefused, /could not be read/],
    ['does not parse', 'export default function* ( {', SourceRefused, /could not be loaded/],
    ['exports nothing by default', 'export const pages = 1', SourceRefused, /exports nothing by default/],
    ['exports no function', 'export default { records: [] }', SourceRefused, /exports object by default/],
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

  test('that fails where nobody awaits it fails its own run, with its own words', async () => {
    const report = (error: unknown) => reported.push(tools.modules.faults.report(error));
    const reported: boolean[] = [];
    process.on('unhandledRejection', report);
    try {
      const error = await failureOf(
        `export default async function* () { void Promise.reject(new Error('floating')); await new Promise(() => {}); }`,
      );
      expect([error?.constructor, error?.message]).toEqual([SourceUnavailable, 'module: news failed: floating']);
      expect(reported).toEqual([true]);
      expect(tools.modules.faults.report(new Error('of nobody'))).toBe(false);
    } finally {
      process.off('unhandledRejection', report);
    }
  });

  test('is left where it hangs and its run is cancelled', async () => {
    const stop = new AbortController();
    const hanging = failureOf('export default async function* () { await new Promise(() => {}); }', {
      signal: stop.signal,
    });
    setTimeout(() => stop.abort(new Error('cancelled')), 50);
    expect((await hanging)?.message).toBe('cancelled');
  });
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

  test('brings what the server sends', async () => {
    const origin = await start((_url, response, request) => {
      response.end(JSON.stringify({ id: request.headers['x-key'], method: request.method }));
    });
    const pages = await read(fetching(origin, `, { headers: { 'X-Key': 'k' }, body: '{}' }`));
    expect(values(pages[0])).toEqual([{ id: 'k', method: 'POST' }]);
  });

  test('throws for a status that other sources fail by, which the run goes by, too', async () => {
    const origin = await start((_url, response) => void response.writeHead(403).end());
    expect(await failureOf(fetching(origin))).toBeInstanceOf(SourceRefused);
    origin.answer((_url, response) => void response.writeHead(429, { 'retry-after': '7' }).end());
    expect(await failureOf(fetching(origin))).toMatchObject({ retryAfterMs: 7_000 });
  });

  test('asks no private address unless it may', async () => {
    const origin = await start();
    const error = await failureOf(fetching(origin), { plan: { allowPrivate: false } });
    expect(error?.message).toMatch(/private|loopback/);
    expect(origin.requests).toEqual([]);
  });
});
