import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { evenOffset } from '../../../../src/config/schedule/even-offset.ts';

const minute = 60_000;
const hour = 3_600_000;
const names = (count: number) => Array.from({ length: count }, (_, index) => `source-${index}`);

describe('evenOffset', () => {
  test('is whole seconds within the interval, and within the first hour of a longer one', () => {
    const name = fc.stringMatching(/^[a-z0-9][a-z0-9_-]{0,62}$/);
    const everyMs = fc.integer({ min: 1_000, max: 400 * 24 * hour });
    fc.assert(
      fc.property(name, everyMs, (source, every) => {
        const offset = evenOffset(source, every);
        expect(offset % 1_000).toBe(0);
        expect(offset).toBeGreaterThanOrEqual(0);
        expect(offset).toBeLessThan(Math.min(every, hour));
      }),
    );
  });

  test('does not depend on other sources, and never changes: a change would move polls', () => {
    expect(['quakes', 'issues', 'books'].map((name) => evenOffset(name, minute))).toEqual([57_000, 0, 25_000]);
    expect(evenOffset('quakes', 24 * hour)).toBe(evenOffset('quakes', hour));
  });

  test.each([150, 600, 1_000])('spreads %i sources of a minute so evenly that no second has many', (count) => {
    const bySecond = new Map<number, number>();
    for (const name of names(count)) {
      const offset = evenOffset(name, minute);
      bySecond.set(offset, (bySecond.get(offset) ?? 0) + 1);
    }
    const mean = count / 60;
    expect(Math.max(...bySecond.values())).toBeLessThan(mean + 4 * Math.sqrt(mean) + 1);
    // Each quarter of the minute has its share.
    for (let quarter = 0; quarter < 4; quarter++) {
      const inIt = names(count).filter((name) => Math.floor(evenOffset(name, minute) / 15_000) === quarter);
      expect(inIt.length).toBeGreaterThan(count / 4 / 1.5);
    }
  });
});
