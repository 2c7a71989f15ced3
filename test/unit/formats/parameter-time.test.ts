import { describe, expect, test } from 'vitest';
import { parseIso8601, type Micros } from '../../../src/domain/time/timestamp.ts';
import { formatEnd, formatParameter } from '../../../src/formats/parameter-time.ts';

function micros(text: string): Micros {
  const time = parseIso8601(text);
  if (!time.ok) throw new Error(time.why);
  return time.micros;
}

describe('formatParameter', () => {
  test.each([
    ['2026-11-01T09:30:00.000000Z', 'iso8601', '2026-11-01T09:30:00Z'],
    ['2026-11-01T10:00:00.500000Z', 'iso8601', '2026-11-01T10:00:00.5Z'],
    ['2026-11-01T09:30:00.000001Z', 'iso8601', '2026-11-01T09:30:00.000001Z'],
    ['2020-10-10T00:00:00Z', 'iso8601', '2020-10-10T00:00:00Z'],
    ['2026-11-01T09:30:00.999999Z', 'epoch_s', '1793525400'],
    ['2026-11-01T09:30:00.123999Z', 'epoch_ms', '1793525400123'],
    ['1969-12-31T23:59:59.500000Z', 'epoch_s', '-1'],
    ['1969-12-31T23:59:59.999900Z', 'epoch_ms', '-1'],
    ['2026-11-01T09:30:00.999999Z', 'rfc822', 'Sun, 01 Nov 2026 09:30:00 GMT'],
    ['2026-11-01T23:30:00Z', 'yyyy-MM-dd', '2026-11-01'],
    ['2026-11-01T23:30:59Z', "dd.MM.yyyy'T'HH:mm", '01.11.2026T23:30'],
  ])('writes %s as %s, cut off and never rounded up', (time, format, expected) => {
    expect(formatParameter(micros(time), format)).toBe(expected);
  });
});

describe('formatEnd', () => {
  test.each([
    ['2026-11-01T09:30:00.000001Z', 'iso8601', '2026-11-01T09:30:00.000001Z'],
    ['2026-11-01T09:30:00Z', 'epoch_s', '1793525400'],
    ['2026-11-01T09:30:00.000001Z', 'epoch_s', '1793525401'],
    ['2026-11-01T09:30:00.123001Z', 'epoch_ms', '1793525400124'],
    ['1969-12-31T23:59:59.5Z', 'epoch_s', '0'],
    ['2026-11-01T09:30:00.5Z', 'rfc822', 'Sun, 01 Nov 2026 09:30:01 GMT'],
    ['2026-11-01T12:00:00Z', 'yyyy-MM-dd', '2026-11-02'],
    ['2026-11-02T00:00:00Z', 'yyyy-MM-dd', '2026-11-02'],
    ['2026-11-30T18:00:00Z', "dd.MM.yyyy'T'HH:mm", '30.11.2026T18:00'],
    ['2026-11-30T18:00:01Z', "dd.MM.yyyy'T'HH:mm", '30.11.2026T18:01'],
    ['2026-02-10T00:00:00Z', 'yyyy-MM', '2026-03'],
  ])('writes %s as %s, the next time that it can hold', (time, format, expected) => {
    expect(formatEnd(micros(time), format)).toBe(expected);
  });
});
