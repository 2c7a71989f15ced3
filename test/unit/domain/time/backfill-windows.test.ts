import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseWindow } from '../../../../src/domain/time/time-range.ts';
import {
  countWindows,
  cutWindows,
  uncovered,
  readWindow,
  widenWindow,
  windowName,
} from '../../../../src/domain/time/backfill-windows.ts';

const hour = 3_600_000;
const range = (from: string, to: string) => {
  const result = parseWindow(from, to);
  if (!result.ok) throw new Error(result.why);
  return result.window;
};
const cut = (from: string, to: string, step = 24 * hour) => cutWindows(range(from, to), step).map(windowName);

describe('cutWindows', () => {
  test('cuts at midnight, UTC; the pieces at the ends may be shorter', () => {
    expect(cut('2026-11-01', '2026-11-03')).toEqual(['2026-11-01_2026-11-02', '2026-11-02_2026-11-03']);
    expect(cut('2026-11-01T12:30Z', '2026-11-02T06:00:01Z')).toEqual([
      '2026-11-01T1230Z_2026-11-02',
      '2026-11-02_2026-11-02T060001Z',
    ]);
    expect(cut('2026-11-01', '2026-11-02', 6 * hour)).toHaveLength(4);
    expect(cut('1969-12-31T12:00Z', '1970-01-01T12:00Z')).toEqual([
      '1969-12-31T1200Z_1970-01-01',
      '1970-01-01_1970-01-01T1200Z',
    ]);
  });

  test('leaves no gap and no overlap, whatever is cut', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -1e9, max: 2e9 }),
        fc.integer({ min: 1, max: 4e6 }),
        fc.integer({ min: 3_600, max: 2e5 }),
        (start, length, step) => {
          const window = { from: BigInt(start) * 1_000_000n, to: BigInt(start + length) * 1_000_000n };
          const pieces = cutWindows(window, step * 1_000);
          expect(pieces).toHaveLength(countWindows(window, step * 1_000));
          expect(pieces.slice(1).map(({ from }) => from)).toEqual(pieces.slice(0, -1).map(({ to }) => to));
          expect(pieces.every((piece) => readWindow(piece) !== null)).toBe(true);
          expect(new Set(pieces.map(windowName)).size).toBe(pieces.length);
        },
      ),
    );
  });
});

test('a window is covered by others that together leave no gap in it', () => {
  const [a, b, c] = cutWindows(range('2026-11-01', '2026-11-04'), 24 * hour);
  const whole = { from: a!.from, to: c!.to };
  expect(uncovered([whole], [c!, a!, b!])).toEqual([]);
  expect(uncovered([whole], [a!, c!])).toEqual([whole]);
  expect(uncovered([a!, b!, c!], [whole])).toEqual([]);
  expect(uncovered([a!, b!, c!], [b!])).toEqual([a!, c!]);
  expect(uncovered([whole], [])).toEqual([whole]);
});

test.each([
  null,
  7,
  {},
  { from: 'x', to: '2026-11-02' },
  { from: '2026-11-02', to: '2026-11-01' },
  { from: '2026-11-01' },
])('%j is no window', (value) => expect(readWindow(value)).toBeNull());

describe('widenWindow', () => {
  test('adds the same on both sides, to the microsecond', () => {
    const day = { from: '2026-11-01T00:00:00.000000Z', to: '2026-11-02T00:00:00.000001Z' };
    expect(widenWindow(day, 0)).toEqual(day);
    expect(widenWindow(day, 1_000)).toEqual({ from: '2026-10-31T23:59:59.000000Z', to: '2026-11-02T00:00:01.000001Z' });
  });

  test('leaves no time of a range on the bounds of all its windows', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3_600_000 }), fc.integer({ min: 0, max: 7 * 24 }), (lagMs, hours) => {
        const time = new Date(Date.UTC(2026, 10, 1, hours)).toISOString().replace('.000Z', '.000000Z');
        const week = range('2026-11-01', '2026-11-08');

        const asked = cutWindows(week, 6 * hour).map((window) => widenWindow(window, lagMs));
        expect(asked.some(({ from, to }) => from < time && time < to)).toBe(true);
      }),
    );
  });
});
