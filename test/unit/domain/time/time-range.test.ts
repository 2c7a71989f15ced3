import { describe, expect, test } from 'vitest';
import { formatWindow, parseWindow, windowContains, type TimeRange } from '../../../../src/domain/time/time-range.ts';

function windowOf(from: string, to: string): TimeRange {
  const parsed = parseWindow(from, to);
  if (!parsed.ok) throw new Error(parsed.why);
  return parsed.window;
}

const whyNot = (from: string, to: string) => {
  const parsed = parseWindow(from, to);
  return parsed.ok ? null : parsed.why;
};

describe('a window', () => {
  test('goes from midnight to midnight, UTC, where its bounds are days', () => {
    expect(formatWindow(windowOf('2026-11-01', '2026-11-08'))).toBe(
      '2026-11-01T00:00:00.000000Z/2026-11-08T00:00:00.000000Z',
    );
    expect(formatWindow(windowOf('2026-11-01T06:30:00+02:00', '2026-11-02'))).toBe(
      '2026-11-01T04:30:00.000000Z/2026-11-02T00:00:00.000000Z',
    );
  });

  test('holds its beginning and not its end', () => {
    const window = windowOf('2026-11-01', '2026-11-02');
    const inside = [window.from - 1n, window.from, window.to - 1n, window.to].map((time) =>
      windowContains(window, time),
    );
    expect(inside).toEqual([false, true, true, false]);
  });

  test('that is empty or turned round is refused', () => {
    expect(whyNot('2026-11-01', '2026-11-01')).toMatch(/exclusive/);
    expect(whyNot('2026-11-02', '2026-11-01')).toMatch(/2026-11-01.*2026-11-02/);
    expect(whyNot('2026-11-01T01:00:00+01:00', '2026-11-01')).not.toBeNull();
    expect(whyNot('2026-11-01', '2026-11-01T00:00:00.000001Z')).toBeNull();
  });

  test('with a bound that is no time says which, and what was found', () => {
    expect(whyNot('yesterday', '2026-11-01')).toMatch(/^from "yesterday"/);
    expect(whyNot('2026-11-01', '2026-02-30')).toMatch(/^to "2026-02-30"/);
  });
});
