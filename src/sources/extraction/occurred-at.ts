import { tz, tzOffset } from '@date-fns/tz';
import { isValid } from 'date-fns/isValid';
import { parse } from 'date-fns/parse';
import { excerpt } from '../../domain/excerpt.ts';
import { compileFinder } from '../../domain/expression.ts';
import { ExactNumber } from '../../domain/json.ts';
import type { TimePlan } from '../../domain/plan-parts.ts';
import type { Rejection } from '../../domain/rejection.ts';
import {
  inRange,
  microsOfDate,
  parseEpoch,
  parseIso8601,
  parseRfc822,
  utcOffset,
  type Micros,
  type TimeResult,
  type ZoneOffset,
} from '../../domain/time.ts';

export type OccurredAt =
  | { readonly ok: true; readonly micros: Micros; readonly fromRecord: boolean }
  | { readonly ok: false; readonly rejection: Rejection };

/** Reads one time value, a string or a number, in the plan's format and zone. */
export type TimeReader = (value: unknown, now: Date) => TimeResult;

/** Makes the function that finds the time of a record. */
export function createOccurredAt(plan: TimePlan): (value: unknown, fetchedAt: Date) => OccurredAt {
  const find = plan.path === null ? () => null : compileFinder(plan.path);
  const read = createTimeReader(plan.format, plan.timezone);
  const place = `occurred_at${plan.path === null ? '' : ` "${plan.path}"`}`;
  return (value, fetchedAt) => {
    const found = find(value);
    if (found === null || found === undefined || found === '') {
      if (plan.onMissing === 'fetched_at') return { ok: true, micros: microsOfDate(fetchedAt), fromRecord: false };
      return { ok: false, rejection: { reason: 'missing_time', message: `no value at ${place}` } };
    }
    const time = read(found, fetchedAt);
    if (time.ok) return { ok: true, micros: time.micros, fromRecord: true };
    return {
      ok: false,
      rejection: { reason: 'invalid_time', message: `${place} is ${describe(found)}: ${time.why}` },
    };
  };
}

/** Makes a reader for a format: `iso8601`, `epoch_s`, `epoch_ms`, `rfc822` or a date-fns pattern. */
export function createTimeReader(format: string, timezone: string): TimeReader {
  const zone = zoneOffset(timezone);
  switch (format) {
    case 'epoch_s':
      return epochReader(6);
    case 'epoch_ms':
      return epochReader(3);
    case 'iso8601':
      return textReader((text) => parseIso8601(text, zone), ' or set occurred_at.format (epoch_s, epoch_ms)');
    case 'rfc822':
      return textReader((text) => parseRfc822(text, zone));
    default:
      return patternReader(format, zone);
  }
}

/** Tokens of a date-fns pattern, outside its quotes, that make a time absolute: an offset, or a count since 1970. */
const absoluteTokens = /[xXtT]/;

/** Reads times in a date-fns pattern; the library knows milliseconds only, finer digits are added to what it found. */
function patternReader(pattern: string, zone: ZoneOffset): TimeReader {
  const isAbsolute = absoluteTokens.test(pattern.replaceAll(/'(?:[^']|'')*'/g, ''));
  const digits = /S{4,}/.exec(pattern)?.[0].length;
  const fraction = digits === undefined ? null : new RegExp(`[.,](\\d{${digits}})(?!\\d)`);
  const inUtc = tz('UTC');
  return textReader((text, now) => {
    // A pattern without a date means today, as the zone has it.
    const today = new Date(now.getTime() + zone(now.getTime()));
    const date = parse(text, pattern, today, { in: inUtc });
    if (!isValid(date)) return { ok: false, why: `expected a time in the pattern "${pattern}"` };
    const offsetMs = isAbsolute ? 0 : zone(date.getTime());
    const finer = fraction?.exec(text)?.[1]?.slice(3, 6).padEnd(3, '0') ?? '0';
    return inRange(BigInt(date.getTime() - offsetMs) * 1000n + BigInt(finer));
  });
}

function textReader(read: (text: string, now: Date) => TimeResult, hint = ''): TimeReader {
  return (value, now) =>
    typeof value === 'string' ? read(value, now) : { ok: false, why: `expected a string${hint}` };
}

function epochReader(scale: 6 | 3): TimeReader {
  return (value) => {
    if (typeof value === 'number') return parseEpoch(String(value), scale);
    if (value instanceof ExactNumber) return parseEpoch(value.text, scale);
    if (typeof value === 'string') return parseEpoch(value, scale);
    return { ok: false, why: 'expected a number' };
  };
}

const dayMs = 86_400_000;

/** A wall-clock time that a change of clocks skips or repeats is taken with the offset before the change. */
function zoneOffset(timezone: string): ZoneOffset {
  if (timezone === 'UTC') return utcOffset;
  const offsetAt = (ms: number) => tzOffset(timezone, new Date(ms)) * 60_000;
  return (wallClockMs) => {
    const before = offsetAt(wallClockMs - dayMs);
    const after = offsetAt(wallClockMs + dayMs);
    const fits = (offset: number) => offsetAt(wallClockMs - offset) === offset;
    return !fits(before) && fits(after) ? after : before;
  };
}

function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(excerpt(value, 60));
  if (value instanceof ExactNumber) return excerpt(value.text, 60);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return Array.isArray(value) ? 'an array' : 'an object';
}
