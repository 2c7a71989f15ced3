import { expect, test } from 'vitest';
import { dayList } from '../../../../src/domain/text/day-list.ts';
import { addDays } from '../../../../src/domain/time/day.ts';

const from = (day: string, count: number) => Array.from({ length: count }, (_, n) => addDays(day, n));

test.each([
  [[], 'none'],
  [['2026-11-01'], '2026-11-01'],
  [from('2026-11-29', 3), '2026-11-29, 2026-11-30, 2026-12-01'],
  [from('2026-11-29', 4), '2026-11-29 to 2026-12-02 (4 days)'],
  [
    ['2026-01-01', ...from('2026-02-26', 730), '2028-12-24'],
    '2026-01-01, 2026-02-26 to 2028-02-25 (730 days), 2028-12-24',
  ],
])('days in a row are a range: %j', (days, text) => {
  expect(dayList(days)).toBe(text);
});
