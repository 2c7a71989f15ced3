import { describe, expect, test } from 'vitest';
import { SourceRefused, SourceUnavailable, UnreadableBody, WrongShape } from '../../../../src/domain/errors.ts';
import type { FetchPosition, HttpPosition } from '../../../../src/domain/state/fetch-position.ts';
import { startPosition } from '../../../../src/domain/state/poll.ts';
import type { HttpJsonPlan } from '../../../../src/domain/plan/source-plan.ts';
import { collect } from '../../../../src/sources/collect/collect.ts';
import type { Page } from '../../../../src/sources/extraction/page.ts';
import { byNumber, httpPlan, readerOf, state } from '../plans.ts';

const startedAt = new Date('2026-11-23T12:00:00.000Z');
const plan = httpPlan({ paginator: byNumber });
const limits = { maxRecords: 5_000, maxBytes: 8 * 1024 * 1024, maxMs: 60_000 };
const { paginator: singlePage } = httpPlan();
const first: HttpPosition = { type: 'http', page: 1, cursor: null, skip: 0, since: null, recentPages: [] };
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
    reader: readerOf(options.plan ?? plan),
    known: options.known === undefined ? new Set() : options.known,
    limits: { ...limits, ...options.limits },
  });

describe('collect', () => {
  test('reads all pages to the end, and counts the outcome of each record', async () => {
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
  ])('stops after the page that fills the limit of %s, at the position of the next', async (what, limit) => {
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

  const one = [record(1), record(2)];
  const two = [record(3)];

  test.each([
    ['the last page for each later one', [one, two, two, two, [record(9)]]],
    ['the first pages again', [one, two, one, two, one, [record(9)]]],
  ])('ends after two repeated pages, without counting them: %s', async (_, contents) => {
    const { counts, end, warnings } = await take(pagesOf(contents));
    expect(counts).toMatchObject({ fetched: 3, pages: 2 });
    expect(end).toEqual({ cutShort: false, notModified: false, notBefore: null });
    expect(warnings).toEqual([]);
  });

  test('continues after one repeated page: records were inserted at the front', async () => {
    for (const contents of [
      [one, two, two, [record(4)], []],
      [one, two, one, two, [record(4)], []],
    ]) {
      const { accepted, end } = await take(pagesOf(contents));
      expect(accepted.map(({ sourceId }) => sourceId)).toContain('4');
      expect(end).toMatchObject({ cutShort: false });
    }
  });

  test('continues if page 2 is page 1, but does not count that as a proven end', async () => {
    for (const limit of [{}, { maxRecords: 1 }]) {
      let result = await take(pagesOf([one, one, two, []]), { limits: limit });
      while (!result.end) {
        const { position } = result;
        const place = position.place as FetchPosition['place'] & { page: number };
        result = await take(pagesOf([one, one, two, []].slice(place.page - 1), place as never), {
          position,
          limits: limit,
        });
      }
      expect(result).toMatchObject({ end: { cutShort: true }, warnings: [{ code: 'page_repeated', count: 1 }] });
      expect(result.end?.paging).toBeUndefined();
      expect(result.end?.resumes).toBeUndefined();
    }
    const said = httpPlan({ paginator: { ...byNumber, endOn: ['repeat'] } });
    expect((await take(pagesOf([one, one, two, []]), { plan: said })).end).toMatchObject({ cutShort: false });
  });

  test('is cut short if three pages in a row have the same ids, with any changes in their records', async () => {
    const changing = Array.from({ length: 9 }, (_, n) => one.map((each) => ({ ...each, views: n })));
    const { counts, end, warnings } = await take(pagesOf(changing));
    expect(counts.pages).toBe(3);
    expect(end).toMatchObject({ cutShort: true, paging: expect.stringContaining('page_param "page"') });
    expect(warnings).toMatchObject([
      { code: 'page_repeated', message: expect.stringMatching(/^3 pages in a row have the same ids/) },
    ]);
    // A total that ends the poll proves nothing, either.
    const ended = await take(pagesOf(changing.slice(0, 2)));
    expect(ended.end).toMatchObject({ cutShort: true });
    // Two may be: records that changed while they moved to the next page.
    expect((await take(pagesOf([...changing.slice(0, 2), two]))).end).toMatchObject({ cutShort: false });
  });

  test('continues after a page repeated by another link: it may be a page number in disguise', async () => {
    const linked = httpPlan({ paginator: { ...singlePage, type: 'json_link', nextUrlPath: 'next' } });
    const byLink = (contents: readonly (readonly unknown[])[], names = contents.map((_, n) => `page ${n + 2}`)) =>
      (async function* () {
        for await (const page of pagesOf(contents)) {
          const cursor = names.shift() ?? null;
          yield page.next?.type === 'http' ? { ...page, next: { ...page.next, cursor } } : page;
        }
      })();
    const { accepted } = await take(byLink([one, two, two, [record(4)]]), { plan: linked });
    expect(accepted.map(({ sourceId }) => sourceId)).toContain('4');
    // Nothing is asked twice where the links lead round.
    const round = await take(byLink([one, two, one, two, [record(4)]], ['b', 'a', 'b', 'a', 'b']), { plan: linked });
    expect(round).toMatchObject({ counts: { pages: 2 }, end: { cutShort: false } });
    const last = await take(byLink([one, two, two, two, [record(4)]]), { plan: linked });
    expect(last).toMatchObject({ counts: { pages: 2 }, end: { cutShort: false } });
  });

  test('is cut short where the second page is the first again: the API ignores the parameter', async () => {
    const { counts, end, warnings } = await take(pagesOf([one, one, one, two]));
    expect(counts).toMatchObject({ fetched: 2, pages: 1 });
    expect(end).toMatchObject({ cutShort: true, paging: expect.stringContaining('page_param "page"') });
    expect(end?.resumes).toBeUndefined();
    const message = 'the second page repeats the first: the API ignores page_param "page"';
    expect(warnings).toEqual([{ code: 'page_repeated', message, count: 1 }]);
    // A frozen token names itself: no further page is asked for.
    const frozen = await take(pagesOf([one, one]));
    expect(frozen).toMatchObject({ end: { cutShort: true }, counts: { pages: 1 } });
  });

  test('is over where end_on says that a repeated page is the end', async () => {
    const said = httpPlan({ paginator: { ...byNumber, endOn: ['repeat'] } });
    const { counts, end, warnings } = await take(pagesOf([one, one, two]), { plan: said });
    expect(counts.pages).toBe(1);
    expect(end?.cutShort).toBe(false);
    expect(warnings).toEqual([]);
  });

  test('recognizes a repeated page across two fetches', async () => {
    const page = [record(1), record(2)];
    const { position } = await take(pagesOf([page, [record(3)], []]), { limits: { maxRecords: 3 } });
    const { counts, end } = await take(pagesOf([page, page, [record(4)]]), { position });
    expect(counts).toMatchObject({ fetched: 0, pages: 0 });
    expect(end).not.toBeNull();
  });

  test('recognizes a repeated page even if the previous poll left no keys', async () => {
    const page = [record(1), record(2)];
    const { counts, end } = await take(pagesOf([page, page, page, page]), { known: new Set() });
    expect(counts).toMatchObject({ fetched: 2, pages: 1 });
    expect(end).not.toBeNull();
  });

  test('recognizes a repeated page of rejected records only', async () => {
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

  describe('with max_pages and incremental', () => {
    const incremental = {
      cursor: 'at',
      format: 'iso8601',
      startParam: 'since',
      endParam: null,
      initialValue: null,
      lagMs: 0,
    };
    const cut = { plan: httpPlan({ paginator: { ...byNumber, maxPages: 3 }, incremental }) };
    const at = (page: number) => ({ page, cursor: null, skip: 0 });
    const continuing: FetchPosition = { ...start, place: { ...first, thenAt: at(4) } };

    const front = (contents: readonly unknown[][]) => pagesOf(contents, { ...first, thenAt: at(4) });

    test('is cut so that the next poll continues there', async () => {
      const { end, position } = await take(pagesOf([1, 2, 3, 4].map((id) => [record(id)])), cut);
      expect(end).toEqual({ cutShort: true, resumes: true, notModified: false, notBefore: null });
      expect(position).toMatchObject({ place: { page: 4 }, cuts: { page: 4, times: 1 } });
      const third = { ...start, cuts: { page: 4, times: 2 } };
      const again = await take(pagesOf([1, 2, 3, 4].map((id) => [record(id)])), { ...cut, position: third });
      expect(again.end?.paging).toContain('max_pages ended 3 polls');
    });

    test('returns there from the front as soon as a page has nothing new, and reserves a page for it', async () => {
      const known = await take(pagesOf([[record(1)], []]));
      const old = { known: new Set(known.digests), position: continuing, ...cut };
      const jump = await take(front([[record(1)], [record(2)], [record(3)]]), old);
      expect(jump).toMatchObject({ counts: { pages: 1 }, end: null });
      expect(jump.position.place).toEqual({ ...first, ...at(4), distinct: 0, saved: at(4) });
      const news = await take(front([[record(7)], [record(8)], [record(9)]]), old);
      expect(news).toMatchObject({ counts: { pages: 2 }, end: null, position: { place: { page: 4 } } });
      const only = httpPlan({ paginator: { ...byNumber, maxPages: 1 }, incremental });
      const least = await take(front([[record(7)], [record(8)]]), { ...old, plan: only });
      expect(least).toMatchObject({ counts: { pages: 1 }, end: null, position: { place: { page: 4 } } });
    });

    test('distinguishes pages of an earlier poll that moved twice from a last page that is repeated', async () => {
      const pages = (await take(pagesOf([one, two, []]))).position.place as HttpPosition;
      const thenAt = { ...at(4), seen: pages.recentPages, distinct: 2 };
      const from = { ...start, place: { ...first, thenAt } };
      const { position } = await take(pagesOf([one, []], from.place), { ...cut, position: from, known: null });
      const { accepted } = await take(pagesOf([two, two, [record(4)], []]), { position });
      expect(accepted.map(({ sourceId }) => sourceId)).toEqual(['4']);
      const last = await take(pagesOf([two, two, two, [record(4)]]), { position });
      expect(last).toMatchObject({ counts: { pages: 0 }, end: { cutShort: false } });
    });

    test('continues from the front if it reaches the position anyway', async () => {
      const near = { ...continuing, place: { ...first, thenAt: at(2) } };
      const { position } = await take(pagesOf([[record(7)], [record(8)]], near.place), { ...cut, position: near });
      expect(position.place).toMatchObject({ page: 2, distinct: 1 });
      expect(position.place).not.toHaveProperty('thenAt');
    });
  });

  test('is cut short if a source announces more and has more than ten empty pages', async () => {
    const follows = { plan: httpPlan({ paginator: { ...byNumber, hasMorePath: 'more', followsEmptyPages: true } }) };
    const empty = (count: number) => Array.from({ length: count }, () => []);
    const over = await take(pagesOf([one, ...empty(10), two, []]), follows);
    expect(over).toMatchObject({ counts: { fetched: 3 }, end: { cutShort: false } });
    const { end, counts } = await take(pagesOf([one, ...empty(20)]), follows);
    expect(end).toMatchObject({ cutShort: true, resumes: true, paging: expect.stringContaining('10 pages') });
    expect(counts.pages).toBe(12);
  });

  describe('that begins where an earlier one stopped', () => {
    const saved = { page: 4, cursor: null, skip: 0 };
    const position: FetchPosition = { ...start, place: { ...first, ...saved, saved } };
    const meets = (error: Error, options = {}) =>
      collect({
        plan,
        position,
        pages: pagesOf([error]),
        reader: readerOf(plan),
        known: new Set<string>(),
        limits,
        front: start,
        ...options,
      });
    const gone = Object.assign(new Error('x'), { code: 'ENOTFOUND' });

    test('begins at the front where the place is refused or cannot be read', async () => {
      for (const error of [new SourceRefused('answered 410'), new WrongShape('no list')]) {
        const { position: next, end, counts, warnings } = await meets(error);
        expect(next).toEqual(start);
        expect(end).toBe(null);
        expect(counts.pages).toBe(0);
        expect(warnings).toMatchObject([{ code: 'place_dropped', message: expect.stringContaining(error.message) }]);
      }
      expect((await meets(new UnreadableBody('cut'), { lastAttempt: true })).position).toEqual(start);
    });

    test('tries again where that may help, and fails without such a place', async () => {
      await expect(meets(new UnreadableBody('cut'))).rejects.toThrow('cut');
      await expect(meets(new SourceUnavailable('answered 500'), { lastAttempt: true })).rejects.toThrow('500');
      await expect(meets(new SourceUnavailable('gone', { cause: gone }))).rejects.toThrow('gone');
      await expect(meets(new SourceRefused('410'), { front: null })).rejects.toThrow('410');
      await expect(meets(new SourceRefused('410'), { position: start })).rejects.toThrow('410');
    });

    test('begins at the front where the host of a saved link is gone', async () => {
      const linked = { ...saved, cursor: 'http://gone.test/4' };
      const there = { ...position, place: { ...first, ...linked, saved: linked } };
      const { warnings } = await meets(new SourceUnavailable('gone', { cause: gone }), { position: there });
      expect(warnings).toMatchObject([{ code: 'place_dropped' }]);
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

  test('closes the source once it has enough', async () => {
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
  async function* circle(names: readonly string[], from: HttpPosition): AsyncGenerator<Page> {
    for (let visit = 0, place = from; ; visit++) {
      const next: HttpPosition = { ...place, page: place.page + 1, cursor: names[visit % names.length] ?? '' };
      const items = [{ index: 0, raw: { value: record(`v${visit}`), exact: false, mayBeDeep: false } }];
      yield { items, fetchedAt: startedAt, next, patch: {} };
      place = next;
    }
  }

  test.each([1, 2, 3, 20, 57])('in a cycle of %i pages with changing content ends', async (length) => {
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
      const next = { ...(position.place as HttpPosition), page: visit, cursor };
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
    await expect(take(empty(), { position })).rejects.toThrow(/1000 pages without records in a row/);
  });

  test('with too many records to remember is still recognized by its pages', async () => {
    const page = [record(1), record(2)];
    const { end, counts } = await take(pagesOf([page, [record(3)], page, page, [record(4)]]), { known: null });
    expect(end !== null).toBe(true);
    expect(counts.pages).toBe(2);
  });
});

describe('fields and paths that no record of a poll has', () => {
  const lateTimes = httpPlan({
    paginator: byNumber,
    occurredAt: { ...httpPlan().occurredAt, path: 'published', onMissing: 'fetched_at' },
  });
  const messages = async (pages: AsyncGenerator<Page>, options: Options = {}) =>
    (await take(pages, options)).warnings.filter(({ code }) => code === 'field_empty').map(({ message }) => message);
  let id = 0;
  const withFields = async function* (...tallies: readonly Record<string, number>[]): AsyncGenerator<Page> {
    let number = 0;
    for await (const page of pagesOf(tallies.map(() => [record(id++), record(id++)]))) {
      yield { ...page, fields: tallies[number++] ?? {} };
    }
  };

  test('are named once the poll is over, with how many records were read', async () => {
    expect(await messages(withFields({ salary: 2, title: 0 }, { salary: 2, title: 2 }))).toEqual([
      'salary is empty in 4 of 4 records',
    ]);
    expect(await messages(withFields({ salary: 2 }, { salary: 0 }))).toEqual([]);
  });

  test('are known to the next fetch of the same poll', async () => {
    const cut = await take(withFields({ salary: 2, title: 0 }, { salary: 2, title: 2 }), { limits: { maxRecords: 1 } });
    expect(cut.end).toBe(null);
    expect(cut.warnings).toEqual([]);
    expect(cut.position.fields).toEqual({ salary: 2, title: 0 });
    const options = { position: cut.position };
    expect(await messages(withFields({ salary: 2, title: 2 }), options)).toEqual(['salary is empty in 4 of 4 records']);
  });

  test('occurred_at is one, where the time of the fetch is in for it', async () => {
    const records = [record(1), record(2)];
    expect(await messages(pagesOf([records]), { plan: lateTimes })).toEqual([
      'occurred_at (published) is empty in 2 of 2 records',
    ]);
    const dated = [...records, { id: 3, published: '2026-11-01T00:00:00Z' }];
    expect(await messages(pagesOf([dated]), { plan: lateTimes })).toEqual([]);
    expect(await messages(pagesOf([records]))).toEqual([]);
  });

  test('so is a selector of items that matches nothing, unless a page may be empty', async () => {
    const { records: _, ...base } = lateTimes;
    const html = {
      ...base,
      type: 'html',
      items: { selector: 'li.job', json: null },
      fields: {},
      detail: null,
    } as const;
    const asPlan = (more: object) => ({ plan: { ...html, ...more } as unknown as HttpJsonPlan });
    expect(await messages(pagesOf([[]]), asPlan({}))).toEqual([
      'items.selector "li.job" matches nothing on the first page',
    ]);
    expect(await messages(pagesOf([[]]), asPlan({ allowEmpty: true }))).toEqual([]);
    expect(await messages(pagesOf([[record(1)], []]), asPlan({}))).toEqual([]);
  });
});
