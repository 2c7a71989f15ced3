import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  dateOfMicros,
  daysOfMicros,
  formatMicros,
  inRange,
  microsOfDate,
  parseIso8601,
} from '../../../../src/domain/time/timestamp.ts';

const earliest = -62_135_596_800_000_000n;
const latest = 253_402_300_799_999_999n;
const anyMicros = fc.bigInt({ min: earliest, max: latest });

describe('formatMicros', () => {
  test('writes six digits and Z, before 1970 too', () => {
    expect(formatMicros(0n)).toBe('1970-01-01T00:00:00.000000Z');
    expect(formatMicros(-1n)).toBe('1969-12-31T23:59:59.999999Z');
    expect(formatMicros(1_793_525_400_000_001n)).toBe('2026-11-01T09:30:00.000001Z');
    expect(formatMicros(earliest)).toBe('0001-01-01T00:00:00.000000Z');
    expect(formatMicros(latest)).toBe('9999-12-31T23:59:59.999999Z');
  });

  test('is read back as the same microsecond, and always has 27 characters', () => {
    fc.assert(
      fc.property(anyMicros, (micros) => {
        const text = formatMicros(micros);
        expect(text).toHaveLength(27);
        expect(parseIso8601(text)).toEqual({ ok: true, micros });
      }),
      { numRuns: 1_000 },
    );
  });

  test('writes any time as whole numbers say, also where a JavaScript number does not hold it', () => {
    const border = BigInt(Number.MAX_SAFE_INTEGER);
    const near = (value: bigint) => fc.bigInt({ min: value - 5_000n, max: value + 5_000n });
    const day = fc.bigInt({ min: -100_000n, max: 150_000n }).chain((number) => near(number * 86_400_000_000n));
    fc.assert(
      fc.property(fc.oneof(anyMicros, near(border), near(-border), day), (micros) => {
        const shifted = micros - earliest;
        const milliseconds = Number(shifted / 1000n + earliest / 1000n);
        const date = new Date(milliseconds).toISOString().slice(0, 23);
        expect(formatMicros(micros)).toBe(`${date}${String(shifted % 1000n).padStart(3, '0')}Z`);
        expect(daysOfMicros(micros)).toBe(Number(shifted / 86_400_000_000n + earliest / 86_400_000_000n));
      }),
      { numRuns: 2_000 },
    );
  });

  test('keeps the order of times in the order of texts', () => {
    const near = fc.bigInt({ min: -2_000_000n, max: 2_000_000n });
    fc.assert(
      fc.property(anyMicros, fc.oneof(anyMicros, near), (a, b) => {
        const other = b < 2_000_001n && b > -2_000_001n ? a + b : b;
        fc.pre(inRange(other).ok);
        expect(formatMicros(a) < formatMicros(other)).toBe(a < other);
      }),
    );
  });
});

describe('inRange', () => {
  test('takes the years 0001 to 9999 to the microsecond', () => {
    expect([earliest - 1n, earliest, latest, latest + 1n].map((micros) => inRange(micros).ok)).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });
});

describe('dates', () => {
  test('lose only what is finer than a millisecond, towards the past', () => {
    const date = new Date('1969-12-31T23:59:59.999Z');
    expect(dateOfMicros(-1n)).toEqual(date);
    expect(microsOfDate(date)).toBe(-1_000n);
    expect(dateOfMicros(microsOfDate(date) + 999n)).toEqual(date);
  });
});
