import { describe, expect, test } from 'vitest';
import { DaySet } from '../../../../src/domain/time/day-set.ts';
import { createCursorTime } from '../../../../src/sources/extraction/cursor-time.ts';
import { createExtractor } from '../../../../src/sources/extraction/extract-record.ts';
import type { SourcePlan } from '../../../../src/domain/plan/source-plan.ts';
import type { Page } from '../../../../src/sources/extraction/page.ts';
import { checkPage, classifyPage } from '../../../../src/sources/extraction/classify-page.ts';
import { httpPlan } from '../plans.ts';

const fetchedAt = new Date('2026-11-23T12:00:00.000Z');
const at = '2026-11-01T00:00:00Z';
const fetchedPlan = httpPlan({
  occurredAt: { path: 'at', format: 'iso8601', timezone: 'UTC', onMissing: 'fetched_at' },
});

function pageOf(values: readonly unknown[], when = fetchedAt): Page {
  const items = values.map((value, index) => ({ index, raw: { value, exact: false, mayBeDeep: false } }));
  return { items, fetchedAt: when, next: null, patch: {} };
}

async function sort(
  values: readonly unknown[],
  known: ReadonlySet<string> | null = new Set(),
  plan = httpPlan(),
  when = fetchedAt,
) {
  const checks = {
    extract: createExtractor(plan, new DaySet()),
    makesDigests: known !== null,
    cursorTime: createCursorTime(plan),
    since: null,
    hashPages: true,
  };
  return classifyPage(checkPage({ ...pageOf(values, when), number: 3 }, checks), known);
}

describe('sortPage', () => {
  test('classifies each record as accepted, unchanged or rejected', async () => {
    const first = await sort([
      { id: 1, at },
      { id: 2, at },
    ]);
    const second = await sort([{ id: 1, at }, { id: 2, at, v: 2 }, { id: 3, at }, { at }, 7], new Set(first.digests));
    expect(second.accepted.map(({ sourceId }) => sourceId)).toEqual(['2', '3']);
    expect(second).toMatchObject({ fetched: 5, unchanged: 1 });
    expect(second.deadLetters).toMatchObject([
      { reason: 'missing_id', page: 3, index: 3, recordText: `{"at":"${at}"}`, at: '2026-11-23T12:00:00.000Z' },
      { reason: 'wrong_shape', page: 3, index: 4, recordText: '7' },
    ]);
    expect(second.digests).toHaveLength(3);
  });

  test('takes a record for changed where its id, its time or its payload is another', async () => {
    const { digests } = await sort([{ id: 1, at }]);
    const known = new Set(digests);
    for (const other of [
      { id: 2, at },
      { id: 1, at: '2026-11-01T00:00:01Z' },
      { id: 1, at, v: null },
    ]) {
      expect((await sort([other], known)).unchanged).toBe(0);
    }
  });

  test('counts a record without its own time as unchanged at the next poll', async () => {
    const { digests } = await sort([{ id: 1 }], new Set(), fetchedPlan);
    const later = new Date('2026-11-23T13:00:00.000Z');
    expect((await sort([{ id: 1 }], new Set(digests), fetchedPlan, later)).unchanged).toBe(1);
  });

  test('follows the furthest time of valid records, not of rejected ones nor of the clock', async () => {
    const page = [
      { id: 1, at },
      { id: 2, at: '2026-11-03T00:00:00Z' },
      { id: 3, at: '2026-11-02T00:00:00Z' },
    ];
    const rejected = { at: '2026-11-20T00:00:00Z' };
    expect((await sort([...page, rejected])).furthest).toBe(1_793_664_000_000_000n);
    expect((await sort([{ id: 1 }], new Set(), fetchedPlan)).furthest).toBeNull();
    expect((await sort([])).furthest).toBeNull();
  });

  test('gives equal pages one hash, other pages another, also where all is rejected', async () => {
    const hashOf = async (...values: unknown[]) => (await sort(values)).hash;
    const record = { id: 1, at };
    expect(await hashOf(record)).toBe(await hashOf({ ...record }));
    const hashes = await Promise.all([
      hashOf(record),
      hashOf(record, record),
      hashOf({ id: 2, at }),
      hashOf(7),
      hashOf(8),
    ]);
    expect(new Set(hashes).size).toBe(5);
    expect(await hashOf()).toBeNull();
  });

  test('makes no digests where the ledger alone decides', async () => {
    const { accepted, digests, unchanged } = await sort([{ id: 1, at }], null);
    expect(accepted.length).toBe(1);
    expect(digests.length).toBe(0);
    expect(unchanged).toBe(0);
  });
});

describe('a first page', () => {
  const check = (values: readonly unknown[], plan: SourcePlan, number = 1) => {
    const checks = {
      extract: createExtractor(plan, new DaySet()),
      makesDigests: false,
      hashPages: false,
      since: null,
      cursorTime: createCursorTime(plan),
      warnings: [],
      cursorWarning: 'no times',
    };
    return checkPage({ ...pageOf(values), number }, checks).warnings;
  };
  const cursorOf = (cursor: string, format: string) =>
    httpPlan({
      incremental: {
        cursor,
        format,
        startParam: null,
        endParam: null,
        initialValue: null,
        lagMs: 0,
      },
    });
  const records = [
    { id: 1, at, n: 'x' },
    { id: 2, at, n: '1793000000' },
  ];

  test.each([
    ['no record has a cursor', records, cursorOf('gone', 'iso8601')],
    ['its format fits no record', records, cursorOf('at', 'epoch_s')],
    ['all are in another unit', records.slice(1), cursorOf('n', 'epoch_ms')],
  ])('warns where %s', (_, values, plan) => {
    expect(check(values, plan)).toEqual([{ code: 'cursor_unreadable', message: 'no times', count: values.length }]);
    expect(check(values, plan, 2)).toEqual([]);
  });

  test.each([
    ['one record has a time at the cursor', records, cursorOf('n', 'epoch_s')],
    ['there are no records', [], cursorOf('gone', 'iso8601')],
    ['no record is valid', [{ at }], cursorOf('gone', 'iso8601')],
  ])('warns of nothing where %s', (_, values, plan) => {
    expect(check(values, plan)).toEqual([]);
  });
});
