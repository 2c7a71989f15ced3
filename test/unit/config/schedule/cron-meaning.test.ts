import { describe, expect, test } from 'vitest';
import { cronMeaning } from '../../../../src/config/schedule/cron-meaning.ts';

describe('cronMeaning', () => {
  test.each([
    ['*/5 * * * *', '*/5 * * * *'],
    ['0,5,10,15,20,25,30,35,40,45,50,55 * * * *', '*/5 * * * *'],
    ['00 09 * * MON-FRI # work', '0 9 * * 1-5'],
    ['0 9 * * 1,2,3,4,5', '0 9 * * 1-5'],
    ['0 9 * JAN,mar Sunday', '0 9 * 1,3 0'],
    ['0 9 * * 7', '0 9 * * 0'],
    ['0 9 * * 5-7', '0 9 * * 0,5-6'],
    ['0 9 * * 0-7', '0 9 * * *'],
    ['10/20 * * * *', '10,30,50 * * * *'],
    ['0-30/15,59 * * * *', '0,15,30,59 * * * *'],
    ['0 0 */2 * *', '0 0 */2 * *'],
    ['5 0 1 1 * 2027', '0 5 0 1 1 * 2027'],
    ['30 5 0 * * * *', '30 5 0 * * * *'],
    ['0 5 0 * * * *', '5 0 * * *'],
    ['@hourly', '0 * * * *'],
    ['@weekly', '0 0 * * 0'],
  ])('writes %s as %s', (text, calendar) => {
    expect(cronMeaning(text)).toEqual({ calendar, every: null, timezone: null });
  });

  test('recognizes an interval, and a zone prefix', () => {
    expect(cronMeaning('@every 90s')).toEqual({ calendar: null, every: '1m30s', timezone: null });
    expect(cronMeaning('@every 1h/5m').every).toBe('1h/5m');
    expect(cronMeaning('CRON_TZ=Europe/Vienna 0 9 * * *')).toMatchObject({
      calendar: '0 9 * * *',
      timezone: 'Europe/Vienna',
    });
  });
});
