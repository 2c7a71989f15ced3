import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatMicros, parseEpoch, parseIso8601 } from '../../../../src/domain/time/timestamp.ts';

function read(text: string, scale: 6 | 3): string | null {
  const time = parseEpoch(text, scale);
  return time.ok ? formatMicros(time.micros) : null;
}

const seconds = (text: string) => read(text, 6);
const milliseconds = (text: string) => read(text, 3);

/** Microseconds of years that a time may have. */
const [earliest, latest] = ['0001-01-01T00:00:00Z', '9999-12-31T23:59:59.999999Z'].map((text) => {
  const time = parseIso8601(text);
  return time.ok ? time.micros : 0n;
}) as [bigint, bigint];
const anyMicros = fc.bigInt({ min: earliest, max: latest });

describe('parseEpoch', () => {
  test.each([
    ['0', '1970-01-01T00:00:00.000000Z'],
    ['-0', '1970-01-01T00:00:00.000000Z'],
    ['1000000000', '2001-09-09T01:46:40.000000Z'],
    ['+1000000000', '2001-09-09T01:46:40.000000Z'],
    ['1000000000.5', '2001-09-09T01:46:40.500000Z'],
    ['1e9', '2001-09-09T01:46:40.000000Z'],
    ['1.0000000005E+9', '2001-09-09T01:46:40.500000Z'],
    ['1000000000000e-3', '2001-09-09T01:46:40.000000Z'],
    ['-1', '1969-12-31T23:59:59.000000Z'],
    ['-0.25', '1969-12-31T23:59:59.750000Z'],
    ['1e-7', '1970-01-01T00:00:00.000000Z'],
    ['1e-300', '1970-01-01T00:00:00.000000Z'],
  ])('reads %s seconds', (text, expected) => {
    expect(seconds(text)).toBe(expected);
  });

  test.each([
    ['1000000000123', '2001-09-09T01:46:40.123000Z'],
    ['1000000000123.456', '2001-09-09T01:46:40.123456Z'],
    ['1.000000000123e12', '2001-09-09T01:46:40.123000Z'],
    ['-1', '1969-12-31T23:59:59.999000Z'],
  ])('reads %s milliseconds', (text, expected) => {
    expect(milliseconds(text)).toBe(expected);
  });

  test('keeps digits that a JavaScript number would lose, and cuts off what is finer than a microsecond', () => {
    expect(seconds('253402300799.999999')).toBe('9999-12-31T23:59:59.999999Z');
    expect(seconds('253402300799.9999999999999999999')).toBe('9999-12-31T23:59:59.999999Z');
    expect(milliseconds('253402300799999.9999')).toBe('9999-12-31T23:59:59.999999Z');
  });

  test('refuses what is outside the years 0001 to 9999, however huge', () => {
    expect(seconds('253402300800')).toBeNull();
    expect(milliseconds('253402300800000')).toBeNull();
    expect(seconds('-62135596800')).toBe('0001-01-01T00:00:00.000000Z');
    expect(seconds('-62135596800.000001')).toBeNull();
    for (const huge of ['1e30', '-1e30', '1.7e+21', '9e999', '1'.repeat(1_000)]) expect(seconds(huge)).toBeNull();
    expect(seconds('1e999999999999')).toBeNull();
  });

  test.each([
    '',
    ' ',
    'now',
    'infinity',
    'Infinity',
    'NaN',
    'null',
    '0x10',
    '1,5',
    '1 2',
    '--1',
    '1e',
    'e5',
    '.',
    '-',
    '1_000',
    '1e1.5',
    '12:30',
    '2026-11-01',
    '１２３',
  ])('refuses %j, which is no number', (text) => {
    expect(seconds(text)).toBeNull();
  });

  test('reads every microsecond written in seconds, in milliseconds and with an exponent', () => {
    fc.assert(
      fc.property(anyMicros, (micros) => {
        const sign = micros < 0n ? '-' : '';
        const digits = String(micros < 0n ? -micros : micros).padStart(7, '0');
        const pointed = (decimals: number) => `${sign}${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
        const results = [
          parseEpoch(pointed(6), 6),
          parseEpoch(pointed(3), 3),
          parseEpoch(`${micros}e-6`, 6),
          parseEpoch(`${micros}e-3`, 3),
        ];
        expect(results).toEqual(results.map(() => ({ ok: true, micros })));
      }),
    );
  });
});
