import { formatDuration } from '../../../domain/time/duration.ts';

const units = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
] as const;

/** How far a time is away, in one unit: `12s`, `3m`. */
export function distance(time: string, now: Date): string {
  const seconds = Math.round(Math.abs(Date.parse(time) - now.getTime()) / 1000);
  const [unit, size] = units.find(([, length]) => seconds >= 2 * length) ?? ['s', 1];
  return `${Math.floor(seconds / size)}${unit}`;
}

/** How long a run took; of a longer one the milliseconds say nothing. */
export function tookText({
  startedAt,
  finishedAt,
}: {
  readonly startedAt: string;
  readonly finishedAt: string;
}): string {
  const ms = Math.max(0, Date.parse(finishedAt) - Date.parse(startedAt));
  return formatDuration(ms < 1_000 ? ms : Math.round(ms / 1_000) * 1_000);
}

/** Lines that are at least so wide have room for whole times. */
const wideColumns = 120;

/** A time as there is room for it: whole, `11-01 09:00Z`, or `09:00Z` where it is today, UTC. */
export function clock(time: string, columns: number, now: Date): string {
  const isTime = !Number.isNaN(Date.parse(time));
  if (!isTime || columns >= wideColumns) return time;
  const utc = new Date(time).toISOString();
  const isToday = utc.slice(0, 10) === now.toISOString().slice(0, 10);
  return `${isToday ? '' : `${utc.slice(utc.slice(0, 4) === now.toISOString().slice(0, 4) ? 5 : 0, 10)} `}${utc.slice(11, 16)}Z`;
}
