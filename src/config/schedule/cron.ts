import { counted } from '../../domain/text/counted.ts';
import { translatedDuration } from '../hints/duration-hint.ts';
import { scheduleZoneProblem } from '../schema/time-zone.ts';
import { parseDuration } from '../schema/units.ts';

/** A field of a cron expression as Temporal's schedules take it: bounds, and names where it has some. */
export interface CronField {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly names?: readonly string[];
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

const second: CronField = { name: 'second', min: 0, max: 59 };
const fiveFields: readonly CronField[] = [
  { name: 'minute', min: 0, max: 59 },
  { name: 'hour', min: 0, max: 23 },
  { name: 'day of month', min: 1, max: 31 },
  { name: 'month', min: 1, max: 12, names: months },
  { name: 'day of week', min: 0, max: 7, names: weekdays },
];
const year: CronField = { name: 'year', min: 2000, max: 2100 };

/** All fields that there are, in the order in which a line of seven has them. */
export const cronFields: readonly CronField[] = [second, ...fiveFields, year];

const shorthands = /^@(?:yearly|annually|monthly|weekly|daily|midnight|hourly)$/;
const interval = /^@every\s+((?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+)(?:\/((?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+))?$/;

/**
 * What is wrong with a cron expression, or null. Five fields (minute, hour, day of month, month, day of week), six (with
 * the year last) or seven (with the second first and the year last), a zone before them, a comment behind them.
 */
export function cronProblem(text: string): string | null {
  const { expression, timezone } = splitCron(text);
  const zone = timezone === null ? null : scheduleZoneProblem(timezone);
  if (zone !== null) return `zone ${timezone}: ${zone}`;
  if (shorthands.test(expression)) return null;
  const [isInterval, every = '', offset = '0s'] = interval.exec(expression) ?? [];
  if (isInterval !== undefined) return intervalProblem(parseDuration(every) ?? 0, parseDuration(offset) ?? 0);
  if (expression.startsWith('@')) return `${expression} is none of @hourly, @daily, @weekly, @monthly, @yearly, @every`;
  const parts = expression === '' ? [] : expression.split(/\s+/);
  const fields = fieldsFor(parts.length);
  if (!fields) return `it has ${counted(parts.length, 'field')}, expected five to seven`;
  for (const [index, field] of fields.entries()) {
    const problem = fieldProblem(parts[index] ?? '', field);
    if (problem !== null) return `${field.name}: ${problem}`;
  }
  return null;
}

/** What is expected instead of a text that is not a cron expression, if its meaning is clear; else null. */
export function cronHint(text: string): string | null {
  const { expression } = splitCron(text);
  const every = translatedDuration(expression);
  if (every !== null) return `expected every: ${every} instead of cron`;
  const spaced = expression.replace(/^@every(?=\d)/, '@every ');
  const plain = spaced.replaceAll(/(?<=^|\s)\?(?=\s|$)/g, '*');
  return plain !== expression && cronProblem(plain) === null ? `expected "${plain}"` : null;
}

function intervalProblem(everyMs: number, offsetMs: number): string | null {
  if (everyMs < 1_000) return 'an interval is at least 1s';
  return offsetMs < everyMs ? null : 'the offset after / is shorter than the interval';
}

/** The expression without the zone before it and the comment behind it; null = it names no zone. */
export function splitCron(text: string): { readonly expression: string; readonly timezone: string | null } {
  const [, timezone = null, rest = ''] = /^(?:(?:CRON_)?TZ=(\S+)\s+)?([^]*)$/.exec(text.trim()) ?? [];
  return { expression: rest.replace(/#.*$/, '').trim(), timezone };
}

function fieldsFor(count: number): readonly CronField[] | null {
  switch (count) {
    case 5:
      return fiveFields;
    case 6:
      return [...fiveFields, year];
    case 7:
      return cronFields;
    default:
      return null;
  }
}

function fieldProblem(text: string, field: CronField): string | null {
  for (const part of text.split(',')) {
    const read = splitPart(part);
    if (!read) return `"${part}" cannot be read`;
    const { from, to, step } = read;
    if (step !== undefined && Number(step) < 1) return `step ${step} is below 1`;
    if (from === '*' && to === undefined) continue;
    const start = cronValue(from, field);
    const end = to === undefined ? start : cronValue(to, field);
    if (start === null || end === null) return `"${part}" is not between ${field.min} and ${field.max}`;
    if (end < start) return `"${part}" ends before it begins`;
  }
  return null;
}

/** A part of a field: `*`, `5`, `1-5`, each with or without `/2`; null if it is not one. */
export function splitPart(part: string) {
  const match = /^(\*|[^-/]+)(?:-([^-/]+))?(?:\/(\d+))?$/.exec(part);
  return match && { from: match[1] ?? '', to: match[2], step: match[3] };
}

/** A number or name of a field; null if it is not within its bounds. */
export function cronValue(text: string, { min, max, names }: CronField): number | null {
  const named = names?.findIndex((name) => text.toLowerCase().startsWith(name) && text.length >= 3) ?? -1;
  const value = named >= 0 ? named + (min === 1 ? 1 : 0) : /^\d+$/.test(text) ? Number(text) : Number.NaN;
  return value >= min && value <= max ? value : null;
}
