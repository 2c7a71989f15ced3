import { afterEach, describe, expect, test } from 'vitest';
import { askedWait, parseWait } from '../../../../src/sources/http/rate-limit.ts';

const now = new Date('2026-11-06T08:49:00Z');
const nowSeconds = now.getTime() / 1_000;
const { TZ } = process.env;
afterEach(() => {
  if (TZ === undefined) delete process.env['TZ'];
  else process.env['TZ'] = TZ;
});

describe('parseWait', () => {
  test.each([
    ['120', 120_000],
    [' 0 ', 0],
    ['1.5', 1_500],
    ['0.0001', 1],
    ['5s', 5_000],
    ['6m0s', 360_000],
    ['1h2.5s', 3_602_500],
    ['250ms', 250],
  ])('reads a time from now: "%s"', (header, expected) => {
    expect(parseWait(header, now)).toBe(expected);
  });

  test.each([
    [String(nowSeconds + 37), 37_000],
    [String(nowSeconds + 37.5), 37_500],
    [String(now.getTime() + 37_000), 37_000],
    ['2026-11-06T08:49:37Z', 37_000],
    ['2026-11-06T09:49:37.250+01:00', 37_250],
    [' 2026-11-06 08:49:37 ', 37_000],
  ])('reads a point in time: "%s"', (header, expected) => {
    expect(parseWait(header, now)).toBe(expected);
  });

  // RFC 9110, 5.6.7: a recipient must accept all three.
  test.each(['Fri, 06 Nov 2026 08:49:37 GMT', 'Friday, 06-Nov-26 08:49:37 GMT', 'Fri Nov  6 08:49:37 2026'])(
    'reads the date "%s", on a machine in any zone',
    (header) => {
      for (const zone of ['UTC', 'America/New_York', 'Asia/Tokyo']) {
        process.env['TZ'] = zone;
        expect(parseWait(header, now)).toBe(37_000);
      }
    },
  );

  test.each(['86401', '9'.repeat(20), String(nowSeconds + 1e7), 'Fri, 06 Nov 2099 08:49:37 GMT', '2099-01-01'])(
    'waits a day at most: "%s"',
    (header) => {
      expect(parseWait(header, now)).toBe(86_400_000);
    },
  );

  test.each([
    'Fri, 06 Nov 2026 08:48:00 GMT',
    '2026-11-06T08:48:59Z',
    String(nowSeconds - 60),
    String(now.getTime() - 1),
    undefined,
    '',
    ' ',
    '-5',
    '+5',
    '1e3',
    '0x10',
    'soon',
    'never',
    'wait 120',
    'later 9999',
    '5, 10',
    'NaN',
    'Infinity',
    'Fri, 32 Nov 2026',
    '5 s',
    's',
    '1h-5s',
  ])('takes "%s" for absent', (header) => {
    expect(parseWait(header, now)).toBeNull();
  });
});

describe('askedWait', () => {
  const soon = String(nowSeconds + 3);

  test.each<[string, number, Record<string, string>, number | null]>([
    ['a 429', 429, { 'retry-after': '7' }, 7_000],
    ['a 429 that says nothing', 429, {}, 5_000],
    ['a 429 with a past time', 429, { 'retry-after': '2020-01-01T00:00:00Z' }, 5_000],
    ['a 429 that may be asked again at once', 429, { 'retry-after': '0' }, null],
    ['a 429 in milliseconds', 429, { 'retry-after-ms': '1500', 'retry-after': '2' }, 1_500],
    ['a 420', 420, {}, 5_000],
    ['X-RateLimit-Reset', 429, { 'x-ratelimit-reset': soon }, 3_000],
    ['X-Rate-Limit-Reset in milliseconds', 429, { 'x-rate-limit-reset': `${soon}000` }, 3_000],
    ['RateLimit-Reset', 429, { 'ratelimit-reset': '3' }, 3_000],
    ['a reset that is past', 429, { 'x-ratelimit-reset': String(nowSeconds - 3) }, 5_000],
    ['Retry-After before a reset', 429, { 'retry-after': '2', 'x-ratelimit-reset': soon }, 2_000],
    ['RateLimit of an older draft', 429, { ratelimit: 'limit=100, remaining=0, reset=3' }, 3_000],
    ['RateLimit of a newer draft', 429, { ratelimit: '"default";r=0;t=3' }, 3_000],
    ['the limit that is used up', 429, { ratelimit: '"burst";r=0;t=3, "day";r=9;t=3600' }, 3_000],
    [
      'the one of two headers that is used up',
      429,
      {
        'x-ratelimit-remaining-requests': '0',
        'x-ratelimit-reset-requests': '6m0s',
        'x-ratelimit-remaining-tokens': '7',
        'x-ratelimit-reset-tokens': '2s',
      },
      360_000,
    ],
    ['a 403 with nothing left', 403, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': soon }, 3_000],
    ['a 403 with nothing left, as a float', 403, { 'x-ratelimit-remaining': '0.0', 'x-ratelimit-reset': '3' }, 3_000],
    ['a 403 with a past reset', 403, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1000000000' }, 5_000],
    ['a 403 with a reset of another prefix', 403, { 'x-ratelimit-remaining': '0', 'ratelimit-reset': '3' }, 3_000],
    ['a 403 with X-Rate-Limit-Reset', 403, { 'x-ratelimit-remaining': '0', 'x-rate-limit-reset': soon }, 3_000],
    ['a 403 with a reset after', 403, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset-after': '2.5' }, 2_500],
    [
      'a 403 with two resets',
      403,
      { 'ratelimit-remaining': '0', 'x-ratelimit-reset-after': '2', 'x-ratelimit-reset': soon },
      3_000,
    ],
    ['a 403 with t and no r', 403, { 'x-ratelimit-remaining': '0', ratelimit: 'limit=100;t=3' }, 3_000],
    [
      'a 403 with the reset of an older draft',
      403,
      { 'x-ratelimit-remaining': '0', ratelimit: 'limit=9, reset=3' },
      3_000,
    ],
    ['a 403 with nothing left and Retry-After', 403, { 'x-ratelimit-remaining': '0', 'retry-after': '4' }, 4_000],
    [
      'a 403 with nothing left of a named limit',
      403,
      { 'x-ratelimit-requests-remaining': '0', 'x-ratelimit-requests-reset': '3' },
      3_000,
    ],
    ['a 403 with nothing left that names no time', 403, { 'x-ratelimit-remaining': '0' }, 5_000],
    [
      'a 403 with nothing left and an unreadable reset',
      403,
      { 'x-ratelimit-remaining': '0', 'ratelimit-reset': '-3' },
      5_000,
    ],
    [
      'the limit that is used up, with a reset under another name, and not the one that is not',
      403,
      {
        'x-ratelimit-remaining': '0',
        'ratelimit-reset-after': '9',
        'x-ratelimit-remaining-tokens': '7',
        'x-ratelimit-reset-tokens': '90',
      },
      9_000,
    ],
    ['a 403 with Retry-After', 403, { 'retry-after': '60' }, 60_000],
    ['a 403 with a negative Retry-After', 403, { 'retry-after': '-5' }, 5_000],
    ['a 403 with a past Retry-After', 403, { 'retry-after': 'Wed, 21 Oct 2015 07:28:00 GMT' }, 5_000],
    ['a 503 with Retry-After', 503, { 'retry-after': '60' }, 60_000],
  ])('%s is a rate limit', (_, status, headers, waitMs) => {
    expect(askedWait(status, headers, now)).toEqual({ isRateLimit: true, waitMs });
  });

  test.each<[string, number, Record<string, string>]>([
    ['a 403', 403, {}],
    ['a 403 with something left', 403, { 'x-ratelimit-remaining': '5', 'x-ratelimit-reset': soon }],
    [
      'a 403 with something left and a reset of another prefix',
      403,
      { 'x-ratelimit-remaining': '5', 'ratelimit-reset': '3' },
    ],
    ['a 403 with a count that is none', 403, { 'x-ratelimit-remaining': 'none' }],
    ['a 401 with nothing left', 401, { 'x-ratelimit-remaining': '0' }],
    ['a 403 with a Retry-After that says nothing', 403, { 'retry-after': 'never' }],
    ['a 503', 503, {}],
    ['a 200 that has used up a limit', 200, {}],
  ])('%s is none', (_, status, headers) => {
    expect(askedWait(status, headers, now)).toEqual({ isRateLimit: false, waitMs: null });
  });

  test('another error may have a Retry-After', () => {
    expect(askedWait(500, { 'retry-after': '60' }, now)).toEqual({ isRateLimit: false, waitMs: 60_000 });
  });
});
