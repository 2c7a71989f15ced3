import { describe, expect, test } from 'vitest';
import { formatMicros, parseRfc822, type ZoneOffset } from '../../../../src/domain/time/timestamp.ts';

function read(text: string, zone?: ZoneOffset): string | null {
  const time = parseRfc822(text, zone);
  return time.ok ? formatMicros(time.micros) : null;
}

describe('parseRfc822', () => {
  test.each([
    ['Mon, 02 Jan 2006 15:04:05 GMT', '2006-01-02T15:04:05.000000Z'],
    ['Mon, 2 Jan 2006 15:04:05 +0130', '2006-01-02T13:34:05.000000Z'],
    ['02 Jan 2006 15:04 -0800', '2006-01-02T23:04:00.000000Z'],
    ['mon, 02 JAN 2006 15:04:05 gmt', '2006-01-02T15:04:05.000000Z'],
    ['Mon, 02 January 2006 15:04:05 GMT', '2006-01-02T15:04:05.000000Z'],
    ['Tue, 01 Sept 2026 00:00:00 GMT', '2026-09-01T00:00:00.000000Z'],
    ['Monday, 02-Jan-06 15:04:05 GMT', '2006-01-02T15:04:05.000000Z'],
    ['Mon, 02 Jan 2006 15:04:05 +0100 (CET)', '2006-01-02T14:04:05.000000Z'],
    ['  Mon,  02 Jan 2006 15:04:05  Z ', '2006-01-02T15:04:05.000000Z'],
    ['Sat, 31 Dec 2016 23:59:60 GMT', '2016-12-31T23:59:59.999999Z'],
  ])('reads %s', (text, expected) => {
    expect(read(text)).toBe(expected);
  });

  test.each([
    ['UT', '12'],
    ['UTC', '12'],
    ['GMT', '12'],
    ['Z', '12'],
    ['EST', '17'],
    ['EDT', '16'],
    ['CST', '18'],
    ['CDT', '17'],
    ['MST', '19'],
    ['MDT', '18'],
    ['PST', '20'],
    ['pdt', '19'],
  ])('knows the zone %s', (zone, hour) => {
    expect(read(`Mon, 02 Jan 2006 12:00:00 ${zone}`)).toBe(`2006-01-02T${hour}:00:00.000000Z`);
  });

  test('takes two-digit years below 50 as of this century, others as of the last', () => {
    expect(read('Mon, 02 Jan 06 15:04:05 EST')).toBe('2006-01-02T20:04:05.000000Z');
    expect(read('02 Jan 00 00:00:00 GMT')).toBe('2000-01-02T00:00:00.000000Z');
    expect(read('02 Jan 49 00:00:00 GMT')).toBe('2049-01-02T00:00:00.000000Z');
    expect(read('02 Jan 50 00:00:00 GMT')).toBe('1950-01-02T00:00:00.000000Z');
    expect(read('29 Feb 00 00:00:00 GMT')).toBe('2000-02-29T00:00:00.000000Z');
  });

  test('takes a time without zone in the zone given', () => {
    expect(read('Mon, 02 Jan 2006 15:04:05', () => -3_600_000)).toBe('2006-01-02T16:04:05.000000Z');
    expect(read('Mon, 02 Jan 2006 15:04:05 GMT', () => -3_600_000)).toBe('2006-01-02T15:04:05.000000Z');
  });

  test.each([
    '30 Feb 2026 00:00:00 GMT',
    '29 Feb 2026 00:00:00 GMT',
    '31 Apr 2026 00:00:00 GMT',
    '00 Jan 2026 00:00:00 GMT',
    '01 Jan 2026 24:00:00 GMT',
    '01 Jan 2026 23:60:00 GMT',
    '01 Jan 2026 23:59:61 GMT',
    '01 Jan 0000 00:00:00 GMT',
    '31 Dec 9999 23:59:59 -0001',
    '01 Jan 2026 00:00:00 +2400',
    '01 Jan 2026 00:00:00 +0060',
  ])('refuses %s, which no calendar or clock shows', (text) => {
    expect(read(text)).toBeNull();
  });

  test.each([
    '',
    ' ',
    'now',
    'Mon, 02 Foo 2026 10:00:00 GMT',
    '02 01 2026 10:00:00 GMT',
    '2026-01-02T10:00:00Z',
    '02 Jan 2026',
    '02 Jan 2026 10:00:00 GMT junk',
    '02 Jan 206 10:00:00 GMT',
    '12 Junk 2026 10:00:00 GMT',
  ])('refuses %j, which is no such time', (text) => {
    expect(read(text)).toBeNull();
  });
});
