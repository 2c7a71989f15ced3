import { daysOfMicros, formatMicros, type Micros } from './timestamp.ts';

/** A UTC day, `YYYY-MM-DD`. */
export type Day = string;

const dayMs = 86_400_000;

export function dayOfMicros(micros: Micros): Day {
  return formatMicros(micros).slice(0, 10);
}

export function dayOfDate(date: Date): Day {
  return date.toISOString().slice(0, 10);
}

/** Days since 1970-01-01. */
export function dayNumber(day: Day): number {
  return Date.parse(`${day}T00:00:00Z`) / dayMs;
}

export function dayOfNumber(number: number): Day {
  return dayOfDate(new Date(number * dayMs));
}

export function dayNumberOfMicros(micros: Micros): number {
  return daysOfMicros(micros);
}

/** Whether a text is a day of the calendar. */
export function isDay(text: string): text is Day {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const number = dayNumber(text);
  return !Number.isNaN(number) && dayOfNumber(number) === text;
}

export function addDays(day: Day, days: number): Day {
  return dayOfNumber(dayNumber(day) + days);
}

/** `raw_events_2026_11_01` */
export function partitionName(day: Day): string {
  return `raw_events_${day.replaceAll('-', '_')}`;
}

/** The day a partition's name stands for, or null if it is none of ours. */
export function dayOfPartition(name: string): Day | null {
  const match = /^raw_events_(\d{4})_(\d{2})_(\d{2})$/.exec(name);
  if (!match) return null;
  const day = `${match[1]}-${match[2]}-${match[3]}`;
  const number = dayNumber(day);
  return !Number.isNaN(number) && dayOfNumber(number) === day ? day : null;
}

/** Days from `today` to `today + premake` that have no partition yet, in order. */
export function missingDays(existing: ReadonlySet<Day>, today: Day, premake: number): Day[] {
  return Array.from({ length: premake + 1 }, (_, ahead) => addDays(today, ahead)).filter((day) => !existing.has(day));
}
