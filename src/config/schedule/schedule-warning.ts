import type { Warning } from '../../domain/run/warning.ts';
import { cronProblem, splitCron } from './cron.ts';
import { formatStart, nextStarts, zoneOf } from './next-starts.ts';
import type { ScheduleConfig } from '../schema/value-schemas.ts';

/** Warns of a cron line with six fields: here the last is the year, for many tools the first is the second. */
export function sixFieldWarnings(source: string, schedule: ScheduleConfig | undefined, now: Date): readonly Warning[] {
  const { cron } = schedule ?? {};
  if (schedule === undefined || cron === undefined) return [];
  const fields = splitCron(cron).expression.split(/\s+/);
  if (fields.length !== 6 || /\d{4}/.test(fields.at(-1) ?? '')) return [];
  const message = `schedule.cron "${cron}" has six fields: the last is read as the year, so the next start is ${next(source, schedule, cron, now)}${other(source, schedule, fields, now)}`;
  return [{ code: 'cron_six_fields', message, count: 1 }];
}

function other(source: string, schedule: ScheduleConfig, fields: readonly string[], now: Date): string {
  const [second, ...rest] = fields;
  const long = [...fields, '*'].join(' ');
  if (cronProblem(long) !== null) return '';
  const line = second === '0' ? rest.join(' ') : long;
  return `; if the first should be the second of a minute, write cron: "${line}", whose next start is ${next(source, schedule, line, now)}`;
}

function next(source: string, schedule: ScheduleConfig, cron: string, now: Date): string {
  const [start] = nextStarts(source, { ...schedule, cron }, now, 1);
  return start === undefined ? 'never' : formatStart(start, zoneOf({ ...schedule, cron }));
}
