import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatMicros, parseIso8601, type ZoneOffset } from '../../../../src/domain/time/timestamp.ts';

/** The canonical text of a time, or null if it is refused. */
function read(text: string, zone?: ZoneOffset): string | null {
  const time = parseIso8601(text, zone);
  return time.ok ? formatMicros(time.micros) : null;
}

const anHourAhead: ZoneOffset = () => 3_600_000;

describe('parseIso8601', () => {
  test.each([
    ['2026-11-01', '2026-11-01T00:00:00.000000Z'],
    ['2026-11-01T09:30Z', '2026-11-01T09:30:00.000000Z'],
    ['2026-11-01T09:30:15', '2026-11-01T09:30:15.000000Z'],
    ['2026-11-01 09:30:15.5+01:00', '2026-11-01T08:30:15.500000Z'],
    ['2026-11-01t09:30:15,25-0530', '2026-11-01T15:00:15.250000Z'],
    ['2026-11-01T00:30:00+01', '2026-10-31T23:30:00.000000Z'],
    ['2026-11-01T09:30:15-00:00', '2026-11-01T09:30:15.000000Z'],
    ['20261101T093015Z', '2026-11-01T09:30:15.000000Z'],
    ['20261101T0930+0100', '2026-11-01T08:30:00.000000Z'],
    ['20261101T093015.125z', '2026-11-01T09:30:15.125000Z'],
    ['2000-02-29', '2000-02-29T00:00:00.000000Z'],
    ['2028-02-29', '2028-02-29T00:00:00.000000Z'],
    ['0050-06-01T00:00:00Z', '0050-06-01T00:00:00.000000Z'],
    [' 2026-11-01T09:30:00Z\r\n', '2026-11-01T09:30:00.000000Z'],
  ])('reads %s', (text, expected) => {
    expect(read(text)).toBe(expected);
  });

  test('cuts off what is finer than a microsecond, before 1970 too', () => {
    expect(read('2026-11-01T23:59:59.9999999999Z')).toBe('2026-11-01T23:59:59.999999Z');
    expect(read('1969-12-31T23:59:59.0000019Z')).toBe('1969-12-31T23:59:59.000001Z');
    expect(read(`2026-11-01T00:00:00.${'1'.repeat(5_000)}Z`)).toBe('2026-11-01T00:00:00.111111Z');
  });

  test('keeps second 60 in its minute, and so in its day', () => {
    expect(read('2016-12-31T23:59:60Z')).toBe('2016-12-31T23:59:59.999999Z');
    expect(read('2016-12-31T23:59:60.25Z')).toBe('2016-12-31T23:59:59.999999Z');
    expect(read('2017-01-01T08:59:60+09:00')).toBe('2016-12-31T23:59:59.999999Z');
    expect(read('20161231T235960Z')).toBe('2016-12-31T23:59:59.999999Z');
  });

  test.each([
    '2026-02-30',
    '2026-02-29',
    '1900-02-29T12:00:00Z',
    '2100-02-29',
    '2200-02-29',
    '2026-04-31',
    '20260230T000000Z',
    '2026-00-10',
    '2026-13-01',
    '2026-01-00',
    '2026-01-32',
    '2026-11-01T24:00:00Z',
    '2026-11-01T24:00',
    '20261101T240000Z',
    '2026-11-01T23:60:00Z',
    '2026-11-01T23:59:61Z',
    '2026-11-01T09:30:00+24:00',
    '2026-11-01T09:30:00+01:60',
  ])('refuses %s, which no calendar or clock shows', (text) => {
    expect(read(text)).toBeNull();
  });

  test.each([
    'now',
    'today',
    'infinity',
    '-infinity',
    'epoch',
    'NaN',
    'null',
    '',
    ' ',
    '\n',
    '2026',
    '2026-11',
    '2026-11-01T',
    '2026-11-01T09',
    '2026-11-01T09:30:00.Z',
    '2026-11-01T09:30:00 EST',
    '2026-11-01 \n junk',
    '2026-11-01T09:30:00Z junk',
    '2026-W44-1',
    '2026-305',
    '1700000000',
    '26-11-01',
    '12026-11-01',
    '+002026-11-01',
    '-2026-11-01',
    '2026/11/01',
    '２０２６-11-01',
  ])('refuses %j, which is no such time', (text) => {
    expect(read(text)).toBeNull();
  });

  test('takes the years 0001 to 9999, judged after the offset is applied', () => {
    expect(read('0001-01-01T00:00:00Z')).toBe('0001-01-01T00:00:00.000000Z');
    expect(read('0001-01-01T00:01:00+00:01')).toBe('0001-01-01T00:00:00.000000Z');
    expect(read('0001-01-01T00:00:00+00:01')).toBeNull();
    expect(read('0000-12-31T23:59:00-00:01')).toBeNull();
    expect(read('9999-12-31T23:59:59.9999999Z')).toBe('9999-12-31T23:59:59.999999Z');
    expect(read('9999-12-31T23:59:60Z')).toBe('9999-12-31T23:59:59.999999Z');
    expect(read('9999-12-31T23:59:59-00:01')).toBeNull();
    expect(read('0001-01-01T00:30:00', anHourAhead)).toBeNull();
  });

  test('takes a time without offset in the zone, and one with an offset as it says', () => {
    expect(read('2026-11-01T09:30:00', anHourAhead)).toBe('2026-11-01T08:30:00.000000Z');
    expect(read('2026-11-01', anHourAhead)).toBe('2026-10-31T23:00:00.000000Z');
    expect(read('2026-11-01T09:30:00Z', anHourAhead)).toBe('2026-11-01T09:30:00.000000Z');
    expect(read('2026-11-01T09:30:00+02:00', anHourAhead)).toBe('2026-11-01T07:30:00.000000Z');
  });

  test('asks the zone with the wall clock as if it were UTC', () => {
    const asked: number[] = [];
    read('2026-11-01T09:30:15.5', (wallClockMs) => asked.push(wallClockMs) * 0);
    expect(asked).toEqual([Date.UTC(2026, 10, 1, 9, 30, 15)]);
  });

  test('takes exactly the dates that exist', () => {
    const date = fc.tuple(
      fc.integer({ min: 1, max: 9999 }),
      fc.integer({ max: 13, min: 0 }),
      fc.integer({ max: 32, min: 0 }),
    );
    fc.assert(
      fc.property(date, ([year, month, day]) => {
        const calendar = new Date(0);
        calendar.setUTCFullYear(year, month - 1, day);
        const exists = calendar.getUTCMonth() === month - 1 && calendar.getUTCDate() === day;
        const text = [String(year).padStart(4, '0'), String(month).padStart(2, '0'), String(day).padStart(2, '0')];
        expect(read(text.join('-'))).toBe(exists ? `${text.join('-')}T00:00:00.000000Z` : null);
      }),
      { numRuns: 1_000 },
    );
  });

  test('takes the usual form as any other', () => {
    const digits = (length: number) => fc.stringMatching(new RegExp(`^[0-9]{${length}}$`));
    const two = fc.oneof(fc.integer({ min: 0, max: 31 }), fc.integer({ min: 32, max: 99 })).map((n) => pad(n));
    const pad = (n: number) => String(n).padStart(2, '0');
    const fraction = fc.oneof(
      fc.constant(''),
      fc.stringMatching(/^[.,]?[0-9]{0,9}$/),
      digits(3).map((text) => `.${text}`),
    );
    const whole = fc
      .tuple(digits(4), two, two, two, two, two, fraction)
      .map(([year, month, day, hour, minute, second, rest]) => {
        return `${year}-${month}-${day}T${hour}:${minute}:${second}${rest}`;
      });
    const existing = fc
      .tuple(
        fc.date({ min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T00:00:00Z'), noInvalidDate: true }),
        fraction,
      )
      .map(([date, rest]) => `${date.toISOString().slice(0, 19)}${rest}`);
    const broken = fc
      .tuple(fc.oneof(whole, existing), fc.nat(30), fc.constantFrom('', '0', 'x', ':', '-', ' ', '٣'))
      .map(([text, at, piece]) => text.slice(0, at) + piece + text.slice(at + 1));
    fc.assert(
      fc.property(fc.oneof(whole, existing, broken), (text) => {
        // An offset that is not Z takes the general way.
        expect(parseIso8601(`${text}Z`)).toEqual(parseIso8601(`${text}+00:00`));
      }),
      { numRuns: 3_000 },
    );
  });

  test('says why', () => {
    const why = (text: string) => {
      const time = parseIso8601(text);
      return time.ok ? null : time.why;
    };
    expect(why('2026-02-30')).toMatch(/30.*exist/);
    expect(why('2026-11-01T24:00:00Z')).toMatch(/24/);
    expect(why('now')).toMatch(/expected/);
    expect(why('9999-12-31T23:59:59-01:00')).toMatch(/0001.*9999/);
  });
});
