import { describe, expect, test } from 'vitest';
import type { FetchPosition, HttpPlace } from '../../../src/domain/fetch.ts';
import { startPosition } from '../../../src/domain/poll.ts';
import type { HttpJsonPlan } from '../../../src/domain/source.ts';
import { collect } from '../../../src/sources/collect.ts';
import type { Page } from '../../../src/sources/page.ts';
import { byNumber, httpPlan, state } from './plans.ts';

const startedAt = new Date('2026-11-23T12:00:00.000Z');
const plan = httpPlan({ paginator: byNumber });
const limits = { maxRecords: 5_000, maxBytes: 8 * 1024 * 1024, maxMs: 60_000 };
const first: HttpPlace = { type: 'http', page: 1, cursor: null, skip: 0, since: null, recentPages: [] };
const start = startPosition(first, state, startedAt);

const record = (id: number | string, at = '2026-11-01T00:00:00Z') => ({ id, at });

/** Pages of these records, the last one without a successor; an error is thrown in its place. */
async function* pagesOf(contents: readonly (readonly unknown[] | Error)[], from = first): AsyncGenerator<Page> {
  let asked = 0;
  for (const content of contents) {
    if (content instanceof Error) throw content;
    asked++;
    const items = content.map((value, index) => ({ index, raw: { value, exact: false, mayBeDeep: false } }));
    const next = asked === contents.length ? null : { ...from, page: from.page + asked };
    yield { items, fetchedAt: startedAt, next, patch: { etag: `"${asked}"` } };
  }
}

interface Options {
  readonly position?: FetchPosition;
  readonly known?: ReadonlySet<string> | null;
  readonly limits?: Partial<typeof limits>;
  readonly plan?: HttpJsonPlan;
}

const take = (pages: AsyncGenerator<Page>, options: Options = {}) =>
  collect({
    plan: options.plan ?? plan,
    position: options.position ?? start,
    pages,
    check: null,
    known: options.known === undefined ? new Set() : options.known,
    limits: { ...limits, ...options.limits },
  });

describe('collect', () => {
  test('reads all pages to the end, and counts what became of each record', async () => {
    const result = await take(
      pagesOf([
        [record(1), record(2)],
        [record(3), { id: 4 }],
      ]),
    );
    expect(result.counts).toEqual({ fetched: 4, accepted: 3, rejected: 1, unchanged: 0, repaired: 0, pages: 2 });
    expect(result.accepted.map(({ sourceId }) => sourceId)).toEqual(['1', '2', '3']);
    expect(result.deadLetters).toMatchObject([{ page: 2, index: 1 }]);
    expect(result.end).toEqual({ cutShort: false, notModified: false, notBefore: null });
    expect(result.lastPatch).toEqual({ etag: '"2"' });
  });

  test.each([
    ['records', { maxRecords: 4 }],
    ['bytes', { maxBytes: 150 }],
    ['time', { maxMs: 0 }],
  ])('stops after the page that fills the limit of %s, at the place of the next', async (what, limit) => {
    const contents = [1, 2, 3, 4].map((page) => [record(`${page}a`), record(`${page}b`)]);
    const { counts, end, position } = await take(pagesOf(contents), { limits: limit });
    const pages = what === 'time' ? 1 : 2;
    expect(counts).toMatchObject({ fetched: pages * 2, pages });
    expect(end).toBeNull();
    expect(position).toMatchObject({ pages, place: { page: pages + 1 } });
  });

  test('counts rejected records into the limit of bytes', async () => {
    const contents = [1, 2, 3].map((page) => [{ text: `${page}`.repeat(500) }]);
    expect((await take(pagesOf(contents), { limits: { maxBytes: 400 } })).counts.pages).toBe(1);
  });

  test('keeps what earlier pages yielded when a later one fails, to meet the failure at the next call', async () => {
    const failure = new Error('connection reset');
    const { counts, end, position } = await take(pagesOf([[record(1)], [record(2)], failure]));
    expect(counts).toMatchObject({ accepted: 2, pages: 2 });
    expect(end).toBeNull();
    expect(position.place).toMatchObject({ page: 3 });
    await expect(take(pagesOf([failure]), { position })).rejects.toBe(failure);
  });

  test('ends with a page that comes again, without counting it', async () => {
    const page = [record(1), record(2)];
    const { counts, end } = await take(pagesOf([page, [record(3)], page, [record(4)]]));
    expect(counts).toMatchObject({ fetched: 3, pages: 2 });
    expect(end).toMatchObject({ cutShort: false });
  });

  test('sees a page come again over the border of two fetches', async () => {
    const page = [record(1), record(2)];
    const { position } = await take(pagesOf([page, [record(3)]]), { limits: { maxRecords: 1 } });
    const { counts, end } = await take(pagesOf([page, [record(4)]]), { position });
    expect(counts).toMatchObject({ fetched: 0, pages: 0 });
    expect(end).not.toBeNull();
  });

  test('sees a page come again also where the previous poll left no keys', async () => {
    const page = [record(1), record(2)];
    const { counts, end } = await take(pagesOf([page, page, page, page]), { known: new Set() });
    expect(counts).toMatchObject({ fetched: 2, pages: 1 });
    expect(end).not.toBeNull();
  });

  test('sees a page come again that holds rejected records only', async () => {
    const page = [{ id: true }, 7];
    expect((await take(pagesOf([page, page, page]))).counts).toMatchObject({ fetched: 2, rejected: 2, pages: 1 });
  });

  test('is cut short by max_pages where more follow, and only there', async () => {
    const cut = { plan: httpPlan({ paginator: { ...byNumber, maxPages: 2 } }) };
    const contents = [[record(1)], [record(2)], [record(3)]];
    expect(await take(pagesOf(contents), cut)).toMatchObject({ counts: { pages: 2 }, end: { cutShort: true } });
    expect((await take(pagesOf(contents.slice(0, 2)), cut)).end?.cutShort).toBe(false);
    // Pages of earlier fetches of the run count, too.
    const position = { ...start, pages: 1 };
    expect(await take(pagesOf(contents), { ...cut, position })).toMatchObject({
      counts: { pages: 1 },
      end: { cutShort: true },
    });
  });

  test('moves the watermark to the furthest time, but never beyond the start of the fetch nor back', async () => {
    const { position } = await take(pagesOf([[record(1, '2026-11-02T00:00:00Z'), record(2)]]));
    expect(position.watermark).toBe('2026-11-02T00:00:00.000000Z');
    const ahead = await take(pagesOf([[record(1, '2026-11-24T00:00:00Z')]]));
    expect(ahead.position.watermark).toBe('2026-11-23T12:00:00.000000Z');
    const earlier = await take(pagesOf([[record(1)]]), { position });
    expect(earlier.position.watermark).toBe('2026-11-02T00:00:00.000000Z');
  });

  test('counts the distinct days of a run over its fetches', async () => {
    const options = { plan: httpPlan({ paginator: byNumber, limits: { ...plan.limits, maxNewDays: 2 } }) };
    const days = ['2026-11-01', '2026-11-03', '2026-11-05'].map((day) => [record(day, `${day}T00:00:00Z`)]);
    const { position } = await take(pagesOf(days), { ...options, limits: { maxRecords: 2 } });
    const known = [record('another', '2026-11-03T23:00:00Z')];
    const { deadLetters, accepted } = await take(pagesOf([days[2] ?? [], known]), { ...options, position });
    expect(deadLetters).toMatchObject([{ reason: 'out_of_range' }]);
    expect(accepted).toHaveLength(1);
  });

  test('does not count a page that a 304 or a long Retry-After stands for', async () => {
    const notBefore = '2026-11-24T12:00:00.000Z';
    for (const end of [{ notModified: true }, { notBefore }]) {
      const answer = async function* (): AsyncGenerator<Page> {
        yield { items: [], fetchedAt: startedAt, next: null, patch: {}, end };
      };
      expect(await take(answer())).toMatchObject({ counts: { pages: 0, fetched: 0 }, end });
    }
  });

  test('lets the source go once it has enough', async () => {
    let released = false;
    const endless = async function* (): AsyncGenerator<Page> {
      try {
        for (let page = 1; ; page++) yield* pagesOf([[record(page)], []], { ...first, page });
      } finally {
        released = true;
      }
    };
    await take(endless(), { limits: { maxRecords: 1 } });
    expect(released).toBe(true);
  });
});

describe('a poll that would not end', () => {
  /** Pages that lead to each other by name; each has other records at each visit. */
  async function* circle(names: readonly string[], from: HttpPlace): AsyncGenerator<Page> {
    for (let visit = 0, place = from; ; visit++) {
      const next: HttpPlace = { ...place, page: place.page + 1, cursor: names[visit % names.length] ?? '' };
      const items = [{ index: 0, raw: { value: record(`v${visit}`), exact: false, mayBeDeep: false } }];
      yield { items, fetchedAt: startedAt, next, patch: {} };
      place = next;
    }
  }

  test.each([1, 2, 3, 20, 57])('in a circle of %i pages whose content changes ends', async (length) => {
    const names = Array.from({ length }, (_, n) => `page ${n}`);
    const { end, counts } = await take(circle(names, first), { limits: { maxRecords: 10_000 } });
    expect(end).toEqual({ cutShort: false, notModified: false, notBefore: null });
    expect(counts.pages).toBeGreaterThanOrEqual(length);
    expect(counts.pages).toBeLessThan(5 * length + 5);
  });

  test('over fetches of one page each ends, too', async () => {
    const names = Array.from({ length: 7 }, (_, n) => `page ${n}`);
    let [position, visit] = [start, 0];
    for (let end: unknown = null; end === null; visit++) {
      expect(visit).toBeLessThan(50);
      const cursor = names[visit % 7] ?? '';
      const items = [{ index: 0, raw: { value: record(`v${visit}`), exact: false, mayBeDeep: false } }];
      const next = { ...(position.place as HttpPlace), page: visit, cursor };
      const pages = (async function* () {
        yield { items, fetchedAt: startedAt, next, patch: {} };
        throw new Error('asked for more');
      })();
      const taken = await take(pages, { position, limits: { maxRecords: 1 } });
      ({ position, end } = { position: JSON.parse(JSON.stringify(taken.position)) as FetchPosition, end: taken.end });
    }
    expect(visit).toBeGreaterThan(7);
  });

  test('because page after page is empty fails', async () => {
    const empty = () => pagesOf(Array.from({ length: 2_000 }, () => []));
    const { position, counts } = await take(empty(), { plan: httpPlan() });
    expect(counts.pages).toBe(1_000);
    await expect(take(empty(), { position })).rejects.toThrow(/1000 pages without records one after the other/);
  });

  test('and whose records are too many to remember is still told by its pages', async () => {
    const page = [record(1), record(2)];
    const { end, counts } = await take(pagesOf([page, [record(3)], page, [record(4)]]), { known: null });
    expect([end !== null, counts.pages]).toEqual([true, 2]);
  });
});
