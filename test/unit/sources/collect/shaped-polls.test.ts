import { describe, expect, test } from 'vitest';
import type { ShapingPlan } from '../../../../src/domain/plan/shaping-plan.ts';
import type { FetchPosition, HttpPosition } from '../../../../src/domain/state/fetch-position.ts';
import type { HttpJsonPlan } from '../../../../src/domain/plan/source-plan.ts';
import { startPosition } from '../../../../src/domain/state/poll.ts';
import { collect } from '../../../../src/sources/collect/collect.ts';
import { itemMark } from '../../../../src/sources/extraction/record-marks.ts';
import type { Page } from '../../../../src/sources/extraction/page.ts';
import { byNumber, httpPlan, readerOf, state } from '../plans.ts';

const startedAt = new Date('2026-11-23T12:00:00.000Z');
const limits = { maxRecords: 5_000, maxBytes: 8 * 1024 * 1024, maxMs: 60_000 };
const first: HttpPosition = { type: 'http', page: 1, cursor: null, skip: 0, since: null, recentPages: [] };
const start = startPosition(first, state, startedAt);
const at = '2026-11-01T00:00:00Z';

async function* pagesOf(contents: readonly (readonly unknown[])[]): AsyncGenerator<Page> {
  for (const [number, content] of contents.entries()) {
    const items = content.map((value, index) => ({ index, raw: { value, exact: false, mayBeDeep: false } }));
    const next = number === contents.length - 1 ? null : { ...first, page: number + 2 };
    yield { items, fetchedAt: startedAt, next, patch: {} };
  }
}

async function poll(
  contents: readonly (readonly unknown[])[],
  shaping: ShapingPlan,
  {
    known = new Set(),
    ...fields
  }: Partial<HttpJsonPlan> & { readonly known?: ReadonlySet<string> | null; readonly position?: FetchPosition } = {},
) {
  const plan = httpPlan({ paginator: byNumber, ...fields, shaping });
  const position = fields.position ?? start;
  return collect({ plan, position, pages: pagesOf(contents), reader: readerOf(plan), known, limits });
}

const open: ShapingPlan = { filter: "state == 'open'" };
const issue = (id: number, stateOf: string, more: object = {}) => ({ id, at, state: stateOf, ...more });

describe('a poll of shaped records', () => {
  test('counts what filter left out, and the outcomes add up', async () => {
    const { counts, accepted } = await poll(
      [
        [issue(1, 'open'), issue(2, 'closed'), { state: 'open' }],
        [issue(3, 'closed'), issue(4, 'open')],
      ],
      open,
    );
    expect(counts).toEqual({ fetched: 5, accepted: 2, rejected: 1, unchanged: 0, filtered: 2, repaired: 0, pages: 2 });
    expect(accepted.map(({ sourceId }) => sourceId)).toEqual(['1', '4']);
  });

  test('the next poll knows what was stored, and still counts what filter leaves out', async () => {
    const pages = [[issue(1, 'open'), issue(2, 'closed')]];
    const { digests } = await poll(pages, open);
    const { counts } = await poll(pages, open, { known: new Set(digests) });
    expect(counts).toMatchObject({ fetched: 2, accepted: 0, unchanged: 1, filtered: 1 });
  });

  test('a change in a field that is dropped is no change', async () => {
    const shaping: ShapingPlan = { drop: ['views'] };
    const { digests } = await poll([[issue(1, 'open', { views: 1 })]], shaping);
    const { counts } = await poll([[issue(1, 'open', { views: 2 })]], shaping, { known: new Set(digests) });
    expect(counts).toMatchObject({ accepted: 0, unchanged: 1 });
  });

  test('fetched counts records after explode', async () => {
    const orders = [
      { id: 1, at, lines: [{ n: 1 }, { n: 2 }] },
      { id: 2, at, lines: [] },
      { id: 3, at, lines: [{ n: 3 }] },
    ];
    const explode = { path: 'lines', keep: ['id', 'at'] };
    const { counts, accepted } = await poll([orders], { explode, filter: 'n != `2`' }, { id: ['id', 'n'] });
    expect(counts).toMatchObject({ fetched: 3, accepted: 2, filtered: 1 });
    expect(accepted.map(({ payload }) => payload)).toEqual([
      `{"id":1,"at":"${at}","n":1}`,
      `{"id":3,"at":"${at}","n":3}`,
    ]);
  });

  test('pages whose records are all left out are no repeated pages', async () => {
    const pages = [[issue(1, 'closed')], [issue(2, 'closed')], [issue(3, 'closed')], [issue(4, 'open')]];
    const { counts, end } = await poll(pages, open);
    expect(counts).toMatchObject({ fetched: 4, accepted: 1, filtered: 3, pages: 4 });
    expect(end).toEqual({ cutShort: false, notModified: false, notBefore: null });
  });

  test('pages that become the same records are no repeated pages', async () => {
    const pages = [[issue(1, 'open', { n: 1 })], [issue(1, 'open', { n: 2 })], [issue(2, 'open', { n: 3 })]];
    const { counts } = await poll(pages, { drop: ['n'] });
    expect(counts).toMatchObject({ pages: 3, fetched: 3 });
  });

  test('a page that comes again ends the poll, whatever filter leaves of it', async () => {
    const [one, two] = [[issue(1, 'closed')], [issue(2, 'closed')]];
    const { counts } = await poll([one, two, two, two, [issue(9, 'open')]], open);
    expect(counts).toMatchObject({ pages: 2, fetched: 2, filtered: 2 });
  });

  test('pages of an API that ignores the page parameter are detected by ids, also of records that are left out', async () => {
    const pages = Array.from({ length: 6 }, (_, n) => [issue(1, 'closed', { n }), issue(2, 'closed', { n })]);
    const { end, counts } = await poll(pages, open);
    expect(end).toMatchObject({ cutShort: true });
    expect(counts.pages).toBe(3);
  });

  test('a record on every page that filter keeps does not make different pages the same', async () => {
    const pages = Array.from({ length: 6 }, (_, n) => [issue(1, 'open', { n }), issue(10 + n, 'closed')]);
    const { end, counts } = await poll(pages, open);
    expect(end).toMatchObject({ cutShort: false });
    expect(counts.pages).toBe(6);
  });

  test('the watermark includes records that are left out', async () => {
    const pages = [[issue(1, 'open'), { ...issue(2, 'closed'), at: '2026-11-20T00:00:00Z' }]];
    const { position } = await poll(pages, open);
    expect(position.watermark).toBe('2026-11-20T00:00:00.000000Z');
    const mapped = await poll(pages, { ...open, map: { id: 'id', at: 'at' } });
    expect(mapped.position.watermark).toBe('2026-11-20T00:00:00.000000Z');
  });

  test('the incremental cursor is read from the record as it was sent', async () => {
    const incremental = {
      cursor: 'changed.on',
      format: 'iso8601',
      startParam: 'since',
      endParam: null,
      initialValue: null,
      lagMs: 0,
    };
    const sent = { ...issue(1, 'closed'), changed: { on: '2026-11-21T00:00:00Z' } };
    const { position } = await poll([[sent]], { ...open, map: { id: 'id', at: 'at' } }, { incremental });
    expect(position.watermark).toBe('2026-11-21T00:00:00.000000Z');
  });

  test('a record that cannot be shaped is a dead letter as it was sent', async () => {
    const { deadLetters, counts } = await poll([[{ id: 1, at, n: ['x'] }]], {
      map: { id: 'id', at: 'at', n: 'sum(n)' },
    });
    expect(counts).toMatchObject({ fetched: 1, rejected: 1 });
    expect(deadLetters).toMatchObject([
      { reason: 'wrong_shape', shaped: false, recordText: `{"id":1,"at":"${at}","n":["x"]}` },
    ]);
  });

  test('elements with a fault are dead letters of their own', async () => {
    const explode = { path: 'lines', keep: ['at'] };
    const { deadLetters } = await poll([[{ at, lines: [{ id: 1 }, { x: 1 }, { x: 2 }] }]], { explode });
    expect(deadLetters.map(({ recordText, exploded }) => [recordText, exploded])).toEqual([
      [`{"at":"${at}","x":1}`, true],
      [`{"at":"${at}","x":2}`, true],
    ]);
  });
});

describe('items with pages of their own', () => {
  const lines = { explode: { path: 'lines', keep: ['at'] }, filter: 'n > `1`' };
  const whole = (numbers: readonly number[]) => ({ at, lines: numbers.map((n) => ({ id: n, n })) });

  /** Polls items whose page is asked for only where the item is not known. */
  async function pollItems(contents: readonly (readonly number[])[], known: ReadonlySet<string>) {
    const plan = httpPlan({ shaping: lines });
    let asked = 0;
    const raw = (value: unknown) => ({ value, exact: false, mayBeDeep: false });
    async function* pages(): AsyncGenerator<Page> {
      const items = contents.map((numbers, index) => ({
        index,
        raw: raw({}),
        mark: itemMark(JSON.stringify(numbers)),
        complete: async () => {
          asked++;
          return { index, raw: raw(whole(numbers)) };
        },
      }));
      yield { items, fetchedAt: startedAt, next: null, patch: {} };
    }
    const result = await collect({ plan, position: start, pages: pages(), reader: readerOf(plan), known, limits });
    return { asked, digests: new Set(result.digests), counts: result.counts };
  }

  test('are known by the next poll, however many records they are and filter leaves of them', async () => {
    const contents = [[1, 2, 3], [1], [], [5]];
    const before = await pollItems(contents, new Set());
    expect(before.counts).toMatchObject({ fetched: 5, accepted: 3, filtered: 2, unchanged: 0 });
    const again = await pollItems(contents, before.digests);
    expect(again.asked).toBe(0);
    expect(again.counts).toMatchObject({ fetched: 5, accepted: 0, filtered: 2, unchanged: 3 });
    expect((await pollItems(contents, again.digests)).asked).toBe(0);
  });
});

describe('a poll of masked records', () => {
  const secret = 'ann@example.com';
  const key = 'key';
  const mask = { fields: { email: 'hash', 'who.phone': 'redact' }, key } as const;

  test('shows a masked value nowhere', async () => {
    const pages = [
      [
        { id: 1, at, email: secret, who: { phone: secret } },
        { id: 2, at, email: secret, note: 'same id' },
        { id: 2, at, email: secret, note: 'other' },
        { at, email: secret },
        { id: 3, at: 'soon', email: secret },
        { id: 4, at: '2099-01-01T00:00:00Z', email: secret },
        secret,
        [secret],
      ],
    ];
    const result = await poll(pages, { mask });
    expect(result.counts).toMatchObject({ fetched: 8, rejected: 5, accepted: 3 });
    expect(
      JSON.stringify(result, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)),
    ).not.toContain(secret);
    expect(result.deadLetters.map(({ shaped }) => shaped)).toEqual([true, true, true, undefined, undefined]);
    expect(result.duplicates).toMatchObject([{ shaped: true }]);
  });

  test('keeps nothing but size and hash of what could not be masked', async () => {
    const shaping: ShapingPlan = { map: { id: 'id', at: 'at', email: 'sum(email)' }, mask };
    const { deadLetters } = await poll([[{ id: 1, at, email: [secret] }]], shaping);
    expect(deadLetters).toMatchObject([{ recordText: 'null', index: 0, page: 1 }]);
    expect(deadLetters[0]?.size).toBe(JSON.stringify({ id: 1, at, email: [secret] }).length);
    expect(deadLetters[0]?.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(JSON.stringify(deadLetters)).not.toContain(secret);
  });

  test('warns of a field that is to be masked and is in no record', async () => {
    const { warnings } = await poll([[issue(1, 'open'), issue(2, 'open')]], { mask });
    expect(warnings).toMatchObject([
      { code: 'field_empty', message: expect.stringContaining('mask (email)') as string },
    ]);
  });
});
