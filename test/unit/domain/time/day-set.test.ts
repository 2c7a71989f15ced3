import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DaySet } from '../../../../src/domain/time/day-set.ts';

const days = fc.array(fc.oneof(fc.integer({ min: -5, max: 40 }), fc.integer({ min: -719_162, max: 2_932_896 })));
const setOf = (admitted: readonly number[]) => {
  const set = new DaySet();
  for (const day of admitted) set.admit(day, Number.POSITIVE_INFINITY);
  return set;
};

describe('DaySet', () => {
  test('writes a row of days as one range', () => {
    expect(setOf([3, 1, 2, 7, 3, 8, 10]).ranges()).toEqual([
      [1, 3],
      [7, 8],
      [10, 10],
    ]);
    expect(new DaySet().ranges()).toEqual([]);
  });

  test('comes back from its ranges, which are sorted, apart, and hold just its days', () => {
    fc.assert(
      fc.property(days, (admitted) => {
        const ranges = setOf(admitted).ranges();
        expect(new DaySet(ranges).ranges()).toEqual(ranges);
        const held = ranges.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, index) => from + index));
        expect(held).toEqual([...new Set(admitted)].sort((a, b) => a - b));
        ranges.slice(1).forEach(([from], index) => expect(from).toBeGreaterThan((ranges[index]?.[1] ?? 0) + 1));
      }),
    );
  });

  test('admits new days up to the limit, and known ones always', () => {
    const set = new DaySet();
    expect([5, 6, 5, 7, 6, 8].map((day) => set.admit(day, 2))).toEqual([true, true, true, false, true, false]);
    expect(set.ranges()).toEqual([[5, 6]]);
    expect(set.admit(7, 3)).toBe(true);
  });

  test('counts the days of the fetches before', () => {
    const limit = 10;
    fc.assert(
      fc.property(days, fc.nat(20), (met, cut) => {
        const whole = new DaySet();
        const answers = met.map((day) => whole.admit(day, limit));
        const first = new DaySet();
        const before = met.slice(0, cut).map((day) => first.admit(day, limit));
        const second = new DaySet(first.ranges());
        const after = met.slice(cut).map((day) => second.admit(day, limit));
        expect([...before, ...after]).toEqual(answers);
      }),
    );
  });
});
