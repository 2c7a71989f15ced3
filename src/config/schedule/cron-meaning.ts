import { formatDuration } from '../../domain/time/duration.ts';
import { cronFields, cronValue, splitCron, splitPart, type CronField } from './cron.ts';
import { parseDuration } from '../schema/units.ts';

/** A range of a field, as Temporal keeps it. */
interface Range {
  readonly start: number;
  /** Inclusive; one before `start` means `start` alone. */
  readonly end: number;
  readonly step: number;
}

/** When a cron line is due, written in one way only: lines that mean the same have the same meaning. */
export interface CronMeaning {
  /** The shortest line: `0 9 * * 1-5`; null if it is an interval. */
  readonly calendar: string | null;
  /** Of `@every`: `1h`, with an offset `1h/5m`; null if it is a calendar. */
  readonly every: string | null;
  /** The zone that the line names itself. */
  readonly timezone: string | null;
}

const shorthands: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

/** What a valid cron line means. Read as Temporal reads it: it keeps calendars and intervals, not the line. */
export function cronMeaning(text: string): CronMeaning {
  const { expression, timezone } = splitCron(text);
  const [, every = '', offset = '0s'] = /^@every\s+([^/]+)(?:\/(.+))?$/.exec(expression) ?? [];
  if (every !== '')
    return { every: formatEvery(parseDuration(every) ?? 0, parseDuration(offset) ?? 0), calendar: null, timezone };
  const parts = (shorthands[expression] ?? expression).split(/\s+/);
  const texts = [...(parts.length === 7 ? [] : ['0']), ...parts, ...(parts.length === 5 ? ['*'] : [])];
  const ranges = cronFields.map((field, index) => readRanges(texts[index] ?? '*', field));
  return { every: null, calendar: formatCalendar(ranges), timezone };
}

/** An interval in the words of daybook.yaml. */
export function formatEvery(everyMs: number, offsetMs: number): string {
  return `${formatDuration(everyMs)}${offsetMs === 0 ? '' : `/${formatDuration(offsetMs)}`}`;
}

/** A calendar as a cron line, from the ranges of its seven fields; a field without any is `*`. */
export function formatCalendar(ranges: readonly (readonly Range[])[]): string {
  const texts = cronFields.map((field, index) => formatField(valuesOf(ranges[index] ?? [], field), field));
  const [second, ...rest] = texts;
  const isShort = second === '0' && texts.at(-1) === '*';
  return (isShort ? rest.slice(0, -1) : texts).join(' ');
}

/** The values of all seven fields of a line as {@link cronMeaning} writes it. */
export function readCalendar(calendar: string): readonly ReadonlySet<number>[] {
  const parts = calendar.split(/\s+/);
  const texts = parts.length === 5 ? ['0', ...parts, '*'] : parts;
  return cronFields.map((field, index) => valuesOf(readRanges(texts[index] ?? '*', field), field));
}

/** `5/10` is short for all from 5 on; Sunday is 0 and 7. */
function readRanges(text: string, field: CronField): Range[] {
  return text.split(',').map((part) => {
    const { from = '*', to, step } = splitPart(part) ?? {};
    const start = from === '*' ? field.min : (cronValue(from, field) ?? field.min);
    const last = from === '*' || step !== undefined ? field.max : start;
    const end = to === undefined ? last : (cronValue(to, field) ?? last);
    return { start, end, step: Number(step ?? 1) };
  });
}

function valuesOf(ranges: readonly Range[], { name, min, max }: CronField): ReadonlySet<number> {
  const isWeekday = name === 'day of week';
  const all = ranges.length === 0 ? [{ start: min, end: max, step: 1 }] : ranges;
  const values = new Set<number>();
  for (const { start, end, step } of all) {
    for (let value = start; value <= Math.max(start, end); value += Math.max(1, step)) {
      values.add(isWeekday ? value % 7 : value);
    }
  }
  return values;
}

function formatField(values: ReadonlySet<number>, { name, min, max }: CronField): string {
  const last = name === 'day of week' ? 6 : max;
  const sorted = [...values].sort((a, b) => a - b);
  if (sorted.length === last - min + 1) return '*';
  const step = (sorted[1] ?? 0) - (sorted[0] ?? 0);
  const stepped = sorted.length > 2 && sorted.every((value, index) => value === min + index * step);
  if (stepped && min + sorted.length * step > last) return `*/${step}`;
  const runs: [number, number][] = [];
  for (const value of sorted) {
    const run = runs.at(-1);
    if (run && run[1] === value - 1) run[1] = value;
    else runs.push([value, value]);
  }
  return runs.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join();
}
