import { describe, expect, test } from 'vitest';
import type { FetchPosition } from '../../../../src/domain/state/fetch-position.ts';
import type { SourcePlan } from '../../../../src/domain/plan/source-plan.ts';
import { startPosition } from '../../../../src/domain/state/poll.ts';
import { collect } from '../../../../src/sources/collect/collect.ts';
import type { Page } from '../../../../src/sources/extraction/page.ts';
import { byNumber, filePlan, httpPlan, readerOf, state } from '../plans.ts';

const fetchedAt = new Date('2026-11-23T12:00:00.000Z');
const at = '2026-11-01T00:00:00Z';
const plan = httpPlan({ id: ['kind'], paginator: byNumber });
const first = { type: 'http', page: 1, cursor: null, skip: 0, since: null, recentPages: [] } as const;

async function* pagesOf(contents: readonly (readonly unknown[])[], part = false): AsyncGenerator<Page> {
  for (const [number, content] of contents.entries()) {
    const items = content.map((value, index) => ({ index, raw: { value, exact: false, mayBeDeep: false } }));
    const next = number === contents.length - 1 ? null : { ...first, page: number + 2 };
    yield { items, fetchedAt, next, patch: {}, ...(part && number > 0 ? { counts: false } : {}) };
  }
}

interface Options {
  readonly from?: FetchPosition;
  readonly known?: ReadonlySet<string>;
  readonly of?: SourcePlan;
  readonly part?: boolean;
}

const take = (
  contents: readonly (readonly unknown[])[],
  { from = startPosition(first, state, fetchedAt), known = new Set(), of = plan, part = false }: Options = {},
) =>
  collect({
    plan: of,
    position: from,
    pages: pagesOf(contents, part),
    known,
    reader: readerOf(of),
    limits: {
      maxRecords: 5_000,
      maxBytes: 8_000_000,
      maxMs: 60_000,
    },
  });

const ticket = (number: number, kind: string) => ({ number, kind, at, title: `Ticket ${number % 4}` });
const tickets = Array.from({ length: 12 }, (_, number) =>
  ticket(number, ['bug', 'wish', 'question'][number % 3] ?? ''),
);

describe('different records of a page with one id', () => {
  test('get a warning with their count, two examples and unique candidates, and stay accepted', async () => {
    const { counts, warnings, duplicates, deadLetters, position } = await take([tickets]);
    expect(counts).toMatchObject({ fetched: 12, accepted: 12, rejected: 0, unchanged: 0 });
    expect(deadLetters).toEqual([]);
    const message = '12 records, 3 ids: `id: kind` is not unique ("bug" 4 times, "wish" 4 times); candidates: number';
    expect(warnings).toEqual([{ code: 'duplicate_id', count: 9, message }]);
    expect(duplicates.map(({ index }) => index).sort((a, b) => a - b)).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(duplicates[0]).toMatchObject({
      reason: 'duplicate_id',
      page: 1,
      index: 3,
      sourceId: 'bug',
      recordText: JSON.stringify(tickets[3]),
      at: fetchedAt.toISOString(),
    });
    expect(position.duplicates).toEqual({ kept: 9, worst: { duplicates: 9, records: 12 } });
  });

  test.each<[what: string, contents: unknown[][], options?: Options]>([
    ['the same record twice', [[ticket(1, 'a'), ticket(1, 'a'), ticket(2, 'b')]]],
    [
      'the same record with its keys in another order',
      [[ticket(1, 'a'), { at, kind: 'a', title: 'Ticket 1', number: 1 }]],
    ],
    ['an edited record on another page', [[ticket(1, 'a')], [ticket(2, 'a')]]],
    ['records without a valid id', [[{ at, n: 1 }, { at, n: 2 }, ticket(1, 'a')]]],
    ['a file, which may hold all versions of a record', [tickets], { of: filePlan({ id: ['kind'] }) }],
  ])('are not %s', async (_, contents, options) => {
    const { warnings, duplicates, position } = await take(contents, options);
    expect({ warnings, duplicates, carried: position.duplicates }).toEqual({
      warnings: [],
      duplicates: [],
      carried: undefined,
    });
  });

  test('are found across the parts of a page', async () => {
    const { warnings, duplicates } = await take([tickets.slice(0, 3), tickets.slice(3, 5)], { part: true });
    expect(warnings).toMatchObject([{ code: 'duplicate_id', count: 2 }]);
    expect(duplicates.map(({ index, page }) => [page, index])).toEqual([
      [1, 0],
      [1, 1],
    ]);
  });

  test('are kept as dead letters up to 100 a run, over all its fetches', async () => {
    const many = (from: number) => Array.from({ length: 81 }, (_, number) => ticket(from + number, 'bug'));
    const one = await take([many(0)]);
    const two = await take([many(100)], { from: one.position });
    expect(one.duplicates.length).toBe(80);
    expect(two.duplicates.length).toBe(20);
    expect(two.warnings).toMatchObject([{ count: 80 }]);
    expect(two.position.duplicates).toMatchObject({ kept: 100 });
  });

  test('of the previous poll get a warning again, and are kept once', async () => {
    const { digests } = await take([tickets]);
    const again = await take([tickets], { known: new Set(digests) });
    expect(again.counts).toMatchObject({ unchanged: 12 });
    expect(again.warnings).toMatchObject([{ count: 9 }]);
    expect(again.duplicates).toEqual([]);
  });

  test('are all except the one already stored, even if it comes last', async () => {
    const { digests } = await take([[ticket(2, 'bug')]]);
    const { duplicates } = await take([[ticket(1, 'bug'), ticket(2, 'bug')]], { known: new Set(digests) });
    expect(duplicates).toMatchObject([{ index: 0 }]);
  });

  test('have the share of the worst page', async () => {
    const { position } = await take([
      [ticket(1, 'a'), ticket(2, 'a')],
      [ticket(3, 'b'), ticket(4, 'c'), ticket(5, 'd'), ticket(6, 'd')],
    ]);
    expect(position.duplicates).toEqual({ kept: 2, worst: { duplicates: 1, records: 2 } });
  });

  test.each([
    [
      'an id with another field, where no field is unique',
      [
        ['a', 1],
        ['a', 2],
        ['b', 1],
      ],
      'candidates: [kind, n]',
    ],
    [
      'none',
      [
        ['a', [1]],
        ['a', [2]],
      ],
      'no single field is unique: use several',
    ],
  ])('have %s for candidates', async (_, rows, expected) => {
    const { warnings } = await take([rows.map(([kind, n]) => ({ kind, n, at }))]);
    expect(warnings[0]?.message).toContain(expected);
  });
});
