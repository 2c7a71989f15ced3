import { afterEach, describe, expect, test } from 'vitest';
import { parseRetryAfter } from '../../../src/sources/http/retry-after.ts';

const now = new Date('1994-11-06T08:49:00Z');
const { TZ } = process.env;
afterEach(() => {
  if (TZ === undefined) delete process.env['TZ'];
  else process.env['TZ'] = TZ;
});

describe('parseRetryAfter', () => {
  test.each([
    ['120', 120_000],
    [' 0 ', 0],
    ['1.5', 1_500],
    ['0.0001', 1],
  ])('reads seconds: "%s"', (header, expected) => {
    expect(parseRetryAfter(header, now)).toBe(expected);
  });

  // RFC 9110, 5.6.7: a recipient must accept all three.
  test.each(['Sun, 06 Nov 1994 08:49:37 GMT', 'Sunday, 06-Nov-94 08:49:37 GMT', 'Sun Nov  6 08:49:37 1994'])(
    'reads the date "%s", on a machine in any zone',
    (header) => {
      for (const zone of ['UTC', 'America/New_York', 'Asia/Tokyo']) {
        process.env['TZ'] = zone;
        expect(parseRetryAfter(header, now)).toBe(37_000);
      }
    },
  );

  test('does not wait for a time that is past', () => {
    expect(parseRetryAfter('Sun, 06 Nov 1994 08:00:00 GMT', now)).toBe(0);
  });

  test.each([
    undefined,
    '',
    ' ',
    '-5',
    '+5',
    '1e3',
    '0x10',
    '5s',
    'soon',
    'never',
    'wait 120',
    'later 9999',
    '5, 10',
    'NaN',
    'Infinity',
    'Sun, 32 Nov 1994',
  ])('takes "%s" for absent', (header) => {
    expect(parseRetryAfter(header, now)).toBeNull();
  });
});
