import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseEpochIn } from '../../../../src/domain/time/epoch-unit.ts';
import { formatMicros, parseEpoch } from '../../../../src/domain/time/timestamp.ts';

const microsOf = (text: string) => BigInt(Date.parse(text)) * 1000n;
const latest = microsOf('2026-11-03T00:00:00Z');

function read(text: string, scale: 6 | 3): string {
  const time = parseEpochIn(text, scale, latest);
  return time.ok ? formatMicros(time.micros) : time.why;
}

describe('parseEpochIn', () => {
  test.each([
    [
      '1793525400',
      3,
      /^it is in seconds \(2026-11-01.*expected milliseconds, which would be 1970-01; set format: epoch_s$/,
    ],
    ['1793525400.25', 3, /^it is in seconds/],
    ['1793525400123', 6, /^it is in milliseconds.*which would be beyond the year 9999; set format: epoch_ms$/],
    ['1.793525400123e12', 6, /^it is in milliseconds/],
    ['1793525400123456', 3, /^it is in microseconds.*expected milliseconds, which would be beyond the year 9999$/],
    ['1793525400123456', 6, /^it is in microseconds/],
    ['1793525400123456789', 6, /^it is in nanoseconds/],
    ['978307200', 3, /^it is in seconds/],
  ] as const)('%s with scale %i names the unit', (text, scale, why) => {
    expect(read(text, scale)).toMatch(why);
  });

  test.each([
    ['1793525400', 6, '2026-11-01T09:30:00.000000Z'],
    ['1793525400123', 3, '2026-11-01T09:30:00.123000Z'],
    // January 1970, and in no unit after 2001.
    ['0', 6, '1970-01-01T00:00:00.000000Z'],
    ['0', 3, '1970-01-01T00:00:00.000000Z'],
    ['86400', 6, '1970-01-02T00:00:00.000000Z'],
    ['978307199', 3, '1970-01-12T07:45:07.199000Z'],
    // In seconds it would lie ahead of what is plausible.
    ['1893456000', 3, '1970-01-22T21:57:36.000000Z'],
    // Old, but not of that January.
    ['2678400000', 3, '1970-02-01T00:00:00.000000Z'],
    ['-1793525400', 3, '1969-12-11T05:47:54.600000Z'],
    // Far ahead, and in no unit plausible.
    ['7258118400', 6, '2200-01-01T00:00:00.000000Z'],
    ['253402300799', 6, '9999-12-31T23:59:59.000000Z'],
  ] as const)('%s with scale %i is what it says', (text, scale, expected) => {
    expect(read(text, scale)).toBe(expected);
  });

  test('says of what is no number what it should be', () => {
    expect(read('soon', 6)).toBe('expected seconds since 1970');
    expect(read('1e300', 3)).toBe('is outside the years 0001 to 9999');
  });

  test('changes nothing between February 1970 and 2200', () => {
    const seconds = fc.integer({ min: 2_678_400, max: 7_258_118_399 });
    fc.assert(
      fc.property(seconds, (s) => {
        expect(parseEpochIn(`${s}`, 6, latest)).toEqual(parseEpoch(`${s}`, 6));
        expect(parseEpochIn(`${s}000`, 3, latest)).toEqual(parseEpoch(`${s}000`, 3));
      }),
    );
  });
});
