import type { Grid } from '../../domain/monitoring/schedule-starts.ts';
import { cronMeaning } from './cron-meaning.ts';
import { evenOffset } from './even-offset.ts';
import { parseDuration } from '../schema/units.ts';
import type { ScheduleConfig } from '../schema/value-schemas.ts';

/** When within its interval a source is due: as its schedule says, else by its name. 0 for a cron line. */
export function offsetOf(source: string, { every, offset }: ScheduleConfig): number {
  return every === undefined ? 0 : (offset ?? evenOffset(source, every));
}

const maxDefaultJitterMs = 30_000;

/**
 * Up to how much each start of a source is delayed at random, in milliseconds. Where its schedule does not say: whole seconds, so that
 * many sources do not start in the same moment; none where it names the time itself, by `cron` or `offset`.
 */
export function jitterOf({ every, offset, jitter }: ScheduleConfig): number {
  if (jitter !== undefined) return jitter;
  return every === undefined || offset !== undefined
    ? 0
    : Math.floor(Math.min(every / 2, maxDefaultJitterMs) / 1_000) * 1_000;
}

/** When a source is due, where that is an even grid: an interval, `@every`, and cron lines such as `0 * * * *`; else null. */
export function scheduleGrid(source: string, schedule: ScheduleConfig): Grid | null {
  const { every, cron } = schedule;
  if (every !== undefined) return gridOf(every, offsetOf(source, schedule));
  if (cron === undefined) return null;
  const meaning = cronMeaning(cron);
  if (meaning.every !== null) {
    const [interval = '', offset = '0s'] = meaning.every.split('/');
    return gridOf(parseDuration(interval) ?? 1_000, parseDuration(offset) ?? 0);
  }
  return gridOfCalendar(meaning.calendar ?? '', meaning.timezone ?? schedule.timezone ?? 'UTC');
}

/** Temporal knows whole seconds only. */
function gridOf(everyMs: number, offsetMs: number): Grid {
  const whole = (ms: number) => Math.floor(ms / 1_000) * 1_000;
  return { everyMs: Math.max(1_000, whole(everyMs)), offsetMs: whole(offsetMs) };
}

const minute = 60_000;

/** Lines for every minute, and in UTC for every n minutes or one minute of each hour. */
function gridOfCalendar(calendar: string, zone: string): Grid | null {
  const [, field = ''] = /^(\S+) \* \* \* \*$/.exec(calendar) ?? [];
  if (field === '*') return gridOf(minute, 0);
  if (zone !== 'UTC') return null;
  if (/^\d+$/.test(field)) return gridOf(60 * minute, Number(field) * minute);
  const step = Number(/^\*\/(\d+)$/.exec(field)?.[1] ?? 0);
  return step > 0 && 60 % step === 0 ? gridOf(step * minute, 0) : null;
}
