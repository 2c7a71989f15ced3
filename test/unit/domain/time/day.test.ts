import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  addDays,
  dayNumber,
  dayNumberOfMicros,
  dayOfDate,
  dayOfMicros,
  dayOfNumber,
  dayOfPartition,
  missingDays,
  partitionName,
} from '../../../../src/domain/time/day.ts';
import { parseIso8601, type Micros } from '../../../../src/domain/time/timestamp.ts';

function micros(text: string): Micros {
  const time = parseIso8601(text);
  if (!time.ok) throw new Error(`${text}: ${time.why}`);
  return time.micros;
}

describe('the day of a time', () => {
  test.each([
    ['2026-11-01T23:59:59.999999Z', '2026-11-01'],
    ['2026-11-02T00:00:00.000000Z', '2026-11-02'],
    ['2026-11-01T23:59:60Z', '2026-11-01'],
    ['2026-11-02T00:30:00+01:00', '2026-11-01'],
    ['1969-12-31T23:59:59.999999Z', '1969-12-31'],
    ['0001-01-01T00:00:00Z', '0001-01-01'],
    ['9999-12-31T23:59:59.999999Z', '9999-12-31'],
  ])('of %s is %s', (text, day) => {
    expect(dayOfMicros(micros(text))).toBe(day);
    expect(dayOfNumber(dayNumberOfMicros(micros(text)))).toBe(day);
  });

  test('is the same by name and by number', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: micros('0001-01-01'), max: micros('9999-12-31') }), (time) => {
        expect(dayOfNumber(dayNumberOfMicros(time))).toBe(dayOfMicros(time));
        expect(dayNumber(dayOfMicros(time))).toBe(dayNumberOfMicros(time));
      }),
    );
  });

  test('of a date is its UTC day', () => {
    expect(dayOfDate(new Date('2026-11-01T23:30:00-01:00'))).toBe('2026-11-02');
  });
});

describe('addDays', () => {
  test('crosses months, years, leap days and changes of clocks', () => {
    expect(addDays('2026-12-31', 1)).toBe('2027-01-01');
    expect(addDays('2028-02-28', 1)).toBe('2028-02-29');
    expect(addDays('2026-03-01', -1)).toBe('2026-02-28');
    expect(addDays('2026-10-24', 3)).toBe('2026-10-27');
    expect(addDays('2026-11-01', 0)).toBe('2026-11-01');
  });
});

describe('the name of a partition', () => {
  test('tells its day', () => {
    expect(partitionName('2026-11-01')).toBe('raw_events_2026_11_01');
    expect(dayOfPartition('raw_events_2026_11_01')).toBe('2026-11-01');
  });

  test.each([
    'raw_events',
    'raw_events_default',
    'raw_events_2026_1_1',
    'raw_events_2026_11_01_old',
    'x_raw_events_2026_11_01',
    'raw_events_20261101',
    'raw_event_keys',
    'raw_events_2026_02_30',
    'raw_events_2026_13_01',
  ])('%s is none of ours', (name) => {
    expect(dayOfPartition(name)).toBeNull();
  });
});

describe('missingDays', () => {
  test('are those from today to today and premake days on that have no partition, in order', () => {
    expect(missingDays(new Set(), '2026-12-30', 3)).toEqual(['2026-12-30', '2026-12-31', '2027-01-01', '2027-01-02']);
    expect(missingDays(new Set(['2026-12-29', '2026-12-31', '2027-01-03']), '2026-12-30', 3)).toEqual([
      '2026-12-30',
      '2027-01-01',
      '2027-01-02',
    ]);
    expect(missingDays(new Set(), '2026-12-30', 0)).toEqual(['2026-12-30']);
    expect(missingDays(new Set(['2026-12-30']), '2026-12-30', 0)).toEqual([]);
  });
});
