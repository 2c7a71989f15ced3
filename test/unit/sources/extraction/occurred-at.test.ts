import { describe, expect, test } from 'vitest';
import { parseJson } from '../../../../src/formats/exact-json.ts';
import type { TimePlan } from '../../../../src/domain/plan/plan-parts.ts';
import { formatMicros } from '../../../../src/domain/time/timestamp.ts';
import { createOccurredAt, createTimeReader } from '../../../../src/sources/extraction/occurred-at.ts';

const now = new Date('2026-11-23T20:00:00.000Z');
const plan: TimePlan = { path: 'at', format: 'iso8601', timezone: 'UTC', onMissing: 'reject' };

/** The time read, canonical; else why not. */
function read(value: unknown, format: string, timezone = 'UTC'): string {
  const time = createTimeReader(format, timezone)(value, now);
  return time.ok ? formatMicros(time.micros) : `refused: ${time.why}`;
}

describe('createTimeReader', () => {
  test.each([
    ['iso8601', '2026-11-01T09:30:00Z', '2026-11-01T09:30:00.000000Z'],
    ['iso8601', '2026-11-01T09:30:00.123456789+05:30', '2026-11-01T04:00:00.123456Z'],
    ['iso8601', '2026-11-01', '2026-11-01T00:00:00.000000Z'],
    ['iso8601', '2026-06-30T23:59:60Z', '2026-06-30T23:59:59.999999Z'],
    ['epoch_s', 1_793_525_400, '2026-11-01T09:30:00.000000Z'],
    ['epoch_s', '1793525400.1234567', '2026-11-01T09:30:00.123456Z'],
    ['epoch_s', -1, '1969-12-31T23:59:59.000000Z'],
    ['epoch_ms', 1_793_525_400_123, '2026-11-01T09:30:00.123000Z'],
    ['epoch_ms', '/Date(1793525400123+0200)/', '2026-11-01T09:30:00.123000Z'],
    ['epoch_ms', '1793525400123.4565', '2026-11-01T09:30:00.123456Z'],
    ['iso8601', ' 2026-11-01T09:30:00Z\n', '2026-11-01T09:30:00.000000Z'],
    ['epoch_s', ' 1793525400\t', '2026-11-01T09:30:00.000000Z'],
    ['rfc822', '\u00a01 Nov 26 04:30 EST ', '2026-11-01T09:30:00.000000Z'],
    ['dd.MM.yyyy HH:mm', ' 01.11.2026 09:30\n', '2026-11-01T09:30:00.000000Z'],
    ['rfc822', 'Sun, 01 Nov 2026 09:30:00 GMT', '2026-11-01T09:30:00.000000Z'],
    ['rfc822', '1 Nov 26 04:30 EST', '2026-11-01T09:30:00.000000Z'],
    ['dd.MM.yyyy HH:mm', '01.11.2026 09:30', '2026-11-01T09:30:00.000000Z'],
    ["yyyy-MM-dd'T'HH:mm:ssXXX", '2026-11-01T09:30:00+02:00', '2026-11-01T07:30:00.000000Z'],
    ['MMMM d, yyyy', 'November 1, 2026', '2026-11-01T00:00:00.000000Z'],
    ['d MMM yyyy h:mm a', '1 Nov 2026 9:30 pm', '2026-11-01T21:30:00.000000Z'],
    ['yyyy-MM-dd HH:mm:ss.SSSSSS', '2026-11-01 09:30:00.123456', '2026-11-01T09:30:00.123456Z'],
  ])('%s reads %j', (format, value, expected) => {
    expect(read(value, format)).toBe(expected);
  });

  test.each([
    ['iso8601', '2026-11-01T09:30:00Z'],
    ['epoch_s', '1793525400'],
    ['epoch_ms', '1793525400000'],
    ['rfc822', 'Sun, 01 Nov 2026 09:30:00 GMT'],
    ['dd.MM.yyyy HH:mm', '01.11.2026 09:30'],
  ])('%s reads a time with white space around it', (format, value) => {
    for (const around of [`  ${value}`, `${value}\n`, `\t${value}\u00a0 `]) {
      expect(read(around, format)).toBe('2026-11-01T09:30:00.000000Z');
    }
  });

  test('keeps the digits of numbers that JavaScript would change', () => {
    const { value } = parseJson('{"s":1793525400.123456789,"ms":1.793525400123456e12}');
    const { s, ms } = value as Record<string, unknown>;
    expect(read(s, 'epoch_s')).toBe('2026-11-01T09:30:00.123456Z');
    expect(read(ms, 'epoch_ms')).toBe('2026-11-01T09:30:00.123456Z');
  });

  test.each([
    ['iso8601', '2026-02-30T00:00:00Z'],
    ['iso8601', '2026-11-01T24:00:00Z'],
    ['iso8601', 'now'],
    ['iso8601', 'infinity'],
    ['iso8601', 1_793_525_400],
    ['epoch_s', '2026-11-01'],
    ['epoch_s', 1e30],
    ['epoch_ms', true],
    ['rfc822', '2026-11-01'],
    ['rfc822', 'Sun, 31 Feb 2026 09:30:00 GMT'],
    ['dd.MM.yyyy', '30.02.2026'],
    ['dd.MM.yyyy', '2026-11-01'],
    ['dd.MM.yyyy', '01.11.2026 and more'],
    ['dd.MM.yyyy', 1112026],
  ])('%s refuses %j', (format, value) => {
    expect(read(value, format)).toMatch(/^refused: /);
  });

  test('points to the epoch formats where a number is no text', () => {
    expect(read(1_793_525_400, 'iso8601')).toContain('epoch_s');
  });

  test.each([
    ['Europe/Berlin', '2026-07-01T12:00:00', '2026-07-01T10:00:00.000000Z'],
    ['Europe/Berlin', '2026-12-01T12:00:00', '2026-12-01T11:00:00.000000Z'],
    ['America/New_York', '2026-07-01T12:00:00', '2026-07-01T16:00:00.000000Z'],
    ['Asia/Kolkata', '2026-07-01T12:00:00', '2026-07-01T06:30:00.000000Z'],
    // On either side of the changes of clocks, as near as is unambiguous.
    ['Europe/Berlin', '2026-03-29T01:59:59', '2026-03-29T00:59:59.000000Z'],
    ['Europe/Berlin', '2026-03-29T03:00:00', '2026-03-29T01:00:00.000000Z'],
    ['Europe/Berlin', '2026-10-25T01:59:59', '2026-10-24T23:59:59.000000Z'],
    ['Europe/Berlin', '2026-10-25T03:00:00', '2026-10-25T02:00:00.000000Z'],
    ['America/New_York', '2026-03-08T01:59:59', '2026-03-08T06:59:59.000000Z'],
    ['America/New_York', '2026-03-08T03:00:00', '2026-03-08T07:00:00.000000Z'],
    ['America/New_York', '2026-11-01T00:59:59', '2026-11-01T04:59:59.000000Z'],
    ['America/New_York', '2026-11-01T02:00:00', '2026-11-01T07:00:00.000000Z'],
  ])('in %s takes %s for %s, as text and by a pattern', (zone, text, expected) => {
    expect(read(text, 'iso8601', zone)).toBe(expected);
    expect(read(text, "yyyy-MM-dd'T'HH:mm:ss", zone)).toBe(expected);
  });

  test('takes an offset in the text before the zone', () => {
    expect(read('2026-07-01T12:00:00Z', 'iso8601', 'America/New_York')).toBe('2026-07-01T12:00:00.000000Z');
  });

  // A wall-clock time that a change of clocks skips or repeats is taken with the offset before the change.
  const ambiguous = [
    ['skips', 'Europe/Berlin', '2026-03-29T02:30:00', '2026-03-29T01:30:00.000000Z'],
    ['repeats', 'Europe/Berlin', '2026-10-25T02:30:00', '2026-10-25T00:30:00.000000Z'],
    ['skips', 'America/New_York', '2026-03-08T02:30:00', '2026-03-08T07:30:00.000000Z'],
    ['repeats', 'America/New_York', '2026-11-01T01:30:00', '2026-11-01T05:30:00.000000Z'],
  ] as const;
  test.each(ambiguous)('takes a time that the change of clocks %s in %s with the offset before: %s', (...row) => {
    const [, zone, text, expected] = row;
    expect(read(text, 'iso8601', zone)).toBe(expected);
  });
  test.each(ambiguous)('takes a time that the change of clocks %s in %s alike by a pattern: %s', (...row) => {
    const [, zone, text, expected] = row;
    expect(read(text, "yyyy-MM-dd'T'HH:mm:ss", zone)).toBe(expected);
  });

  test('takes the date from the zone where the pattern has none', () => {
    // In Tokyo it is the 24th.
    expect(read('06:30', 'HH:mm', 'Asia/Tokyo')).toBe('2026-11-23T21:30:00.000000Z');
  });
});

describe('createOccurredAt', () => {
  test('reads what a feed wrote, where its path leads there', () => {
    const written = { at: 'Sun, 01 Nov 2026 09:30:00 GMT' };
    expect(createOccurredAt(plan, undefined, true)(written, now)).toMatchObject({ ok: true, fromRecord: true });
    expect(createOccurredAt(plan)(written, now)).toMatchObject({ ok: false });
  });

  test('finds the time of a record', () => {
    expect(createOccurredAt({ ...plan, path: 'meta.at' })({ meta: { at: '2026-11-01T00:00:00Z' } }, now)).toEqual({
      ok: true,
      micros: 1_793_491_200_000_000n,
      fromRecord: true,
    });
  });

  test.each([{}, { at: null }, { at: '' }, { at: ' \n' }])('misses the time of %j', (value) => {
    expect(createOccurredAt(plan)(value, now)).toMatchObject({ ok: false, rejection: { reason: 'missing_time' } });
    const fetched = createOccurredAt({ ...plan, onMissing: 'fetched_at' })(value, now);
    expect(fetched).toEqual({ ok: true, micros: BigInt(now.getTime()) * 1000n, fromRecord: false });
  });

  test.each([{ at: 'never' }, { at: false }, { at: [] }, { at: {} }])(
    'refuses the time of %j, also where a missing one is that of the fetch',
    (value) => {
      for (const onMissing of ['reject', 'fetched_at'] as const) {
        const found = createOccurredAt({ ...plan, onMissing })(value, now);
        expect(found).toMatchObject({ ok: false, rejection: { reason: 'invalid_time' } });
      }
    },
  );

  test('without a path takes the time of the fetch', () => {
    const find = createOccurredAt({ ...plan, path: null, onMissing: 'fetched_at' });
    expect(find({ at: '2020-01-01' }, now)).toMatchObject({ ok: true, fromRecord: false });
  });

  test('says where, what and why, without repeating a long value whole', () => {
    const found = createOccurredAt(plan)({ at: 'x'.repeat(5_000) }, now);
    const message = found.ok ? '' : found.rejection.message;
    expect(message).toMatch(/^occurred_at "at" is "x+…": expected an ISO 8601 time/);
    expect(message.length).toBeLessThan(200);
  });
});
