/** How the page shows times, each ISO 8601. */

const units = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
] as const;

/** `2026-07-28 09:30:00 UTC` */
export function clock(time: string): string {
  return `${time.slice(0, 19).replace('T', ' ')} UTC`;
}

/** `3 min ago`, `in 12 s`. */
export function distance(time: string, now: Date): string {
  return Date.parse(time) > now.getTime() ? `in ${span(time, now)}` : `${span(time, now)} ago`;
}

/** `3 min` */
export function span(time: string, now: Date): string {
  const seconds = Math.round(Math.abs(Date.parse(time) - now.getTime()) / 1000);
  const [unit, size] = units.find(([, length]) => seconds >= 2 * length) ?? ['s', 1];
  return `${Math.floor(seconds / size)} ${unit}`;
}
