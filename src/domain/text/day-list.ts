import { dayNumber, type Day } from '../time/day.ts';

/** From so many days in a row on they are one range. */
const leastInRange = 4;

/** Days as a person reads them: `2026-11-01, 2026-11-03 to 2026-11-30 (28 days)`; `none` if there are none. @param days in order */
export function dayList(days: readonly Day[]): string {
  const ranges: Day[][] = [];
  for (const day of days) {
    const last = ranges.at(-1);
    const before = last?.at(-1);
    if (last && before !== undefined && dayNumber(day) === dayNumber(before) + 1) last.push(day);
    else ranges.push([day]);
  }
  return ranges.map(rangeText).join(', ') || 'none';
}

function rangeText(days: readonly Day[]): string {
  return days.length < leastInRange ? days.join(', ') : `${days[0]} to ${days.at(-1)} (${days.length} days)`;
}
