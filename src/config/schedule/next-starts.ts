import { tzOffset } from '@date-fns/tz';
import type { Grid } from '../../domain/monitoring/schedule-starts.ts';
import { cronFields } from './cron.ts';
import { cronMeaning, readCalendar } from './cron-meaning.ts';
import { scheduleGrid } from './schedule-grid.ts';
import type { ScheduleConfig } from '../schema/value-schemas.ts';

const dayMs = 86_400_000;
/** From one 29 February to the next there may be eight years. */
const maxDays = 8 * 366 + 1;

/** The next times that a source is due, without jitter; fewer where its cron line has an end. */
export function nextStarts(source: string, schedule: ScheduleConfig, now: Date, count: number): Date[] {
  const grid = scheduleGrid(source, schedule);
  if (grid) return startsOnGrid(grid, now, count);
  return calendarStarts(cronMeaning(schedule.cron ?? '').calendar ?? '', zoneOf(schedule), now, count);
}

export function startsOnGrid({ everyMs, offsetMs }: Grid, now: Date, count: number): Date[] {
  const first = Math.floor((now.getTime() - offsetMs) / everyMs) + 1;
  return Array.from({ length: count }, (_, index) => new Date((first + index) * everyMs + offsetMs));
}

/** The zone that a schedule is read in. */
export function zoneOf({ cron, timezone }: ScheduleConfig): string {
  return (cron === undefined ? null : cronMeaning(cron).timezone) ?? timezone ?? 'UTC';
}

/** All fields of a calendar must fit, day of month and day of week too, as Temporal has it. */
function calendarStarts(calendar: string, zone: string, now: Date, count: number): Date[] {
  const fields = readCalendar(calendar);
  const valuesOf = (name: string) => fields[cronFields.findIndex((field) => field.name === name)] ?? new Set<number>();
  const sorted = (name: string) => [...valuesOf(name)].sort((a, b) => a - b);
  const [seconds, minutes, hours] = [sorted('second'), sorted('minute'), sorted('hour')];
  const starts: Date[] = [];
  const today = Math.floor((now.getTime() + offsetAt(zone, now.getTime())) / dayMs);
  for (let day = today; day < today + maxDays && starts.length < count; day++) {
    const date = new Date(day * dayMs);
    const fits =
      valuesOf('year').has(date.getUTCFullYear()) &&
      valuesOf('month').has(date.getUTCMonth() + 1) &&
      valuesOf('day of month').has(date.getUTCDate()) &&
      valuesOf('day of week').has(date.getUTCDay());
    if (!fits) continue;
    for (const hour of hours) {
      for (const minute of minutes) {
        for (const second of seconds) {
          const start = instant(day * dayMs + ((hour * 60 + minute) * 60 + second) * 1_000, zone);
          if (start === null || start <= now.getTime()) continue;
          if (starts.push(new Date(start)) === count) return starts;
        }
      }
    }
  }
  return starts;
}

/** The instant of a time on the clock of a zone; null if the clocks pass over it. */
function instant(wallClockMs: number, zone: string): number | null {
  const guess = wallClockMs - offsetAt(zone, wallClockMs - dayMs);
  for (const candidate of [guess, wallClockMs - offsetAt(zone, wallClockMs + dayMs)]) {
    if (candidate + offsetAt(zone, candidate) === wallClockMs) return candidate;
  }
  return null;
}

function offsetAt(zone: string, ms: number): number {
  return zone === 'UTC' ? 0 : tzOffset(zone, new Date(ms)) * 60_000;
}

/** `2026-11-29T14:05:00Z`, in another zone `2026-11-29T15:05:00+01:00`. */
export function formatStart(start: Date, zone: string): string {
  const offset = offsetAt(zone, start.getTime());
  const local = new Date(start.getTime() + offset).toISOString().slice(0, 19);
  if (zone === 'UTC') return `${local}Z`;
  const minutes = Math.abs(offset) / 60_000;
  const two = (number: number) => String(Math.floor(number)).padStart(2, '0');
  return `${local}${offset < 0 ? '-' : '+'}${two(minutes / 60)}:${two(minutes % 60)}`;
}
