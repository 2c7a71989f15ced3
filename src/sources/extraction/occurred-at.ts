import { tz, tzOffset } from '@date-fns/tz';
import { isValid } from 'date-fns/isValid';
import { parse } from 'date-fns/parse';
import { truncate } from '../../domain/secrets/redact.ts';
import { compileFinder } from '../../formats/jmespath/jmespath.ts';
import { parseEpochIn } from '../../domain/time/epoch-unit.ts';
import { hiddenValue } from '../../domain/plan/shaping-plan.ts';
import { ExactNumber } from '../../formats/exact-json.ts';
import type { TimePlan } from '../../domain/plan/plan-parts.ts';
import type { Rejection } from '../../domain/dead-letters/rejection.ts';
import {
  inRange,
  microsOfDate,
  parseIso8601,
  parseRfc822,
  utcOffset,
  type Micros,
  type TimeResult,
  type ZoneOffset,
} from '../../domain/time/timestamp.ts';
import { parseFeedTime } from '../feeds/feed-time.ts';

export type OccurredAt =
  | {
      readonly ok: true;
      readonly micros: Micros;
      readonly fromRecord: boolean;
      /** The time of the record could not be read: another one replaces it. */
      readonly isFallback?: true;
    }
  | { readonly ok: false; readonly rejection: Rejection };

/** Reads one time value, a string or a number, in the plan's format and zone. */
export type TimeReader = (value: unknown, now: Date) => TimeResult;

/**
 * Makes the function that finds the time of a record.
 * @param quotes whether messages may show the value
 * @param isFeed a feed's time that cannot be read gives way to `updated`, else to the time of the fetch
 */
export function createOccurredAt(
  plan: TimePlan,
  maxAheadMs?: number,
  isFeed = false,
  quotes = true,
): (value: unknown, fetchedAt: Date) => OccurredAt {
  const find = plan.path === null ? () => null : compileFinder(plan.path);
  const readPlain = createTimeReader(plan.format, plan.timezone, maxAheadMs);
  const read = isFeed && plan.format === 'iso8601' ? orAsFeeds(readPlain) : readPlain;
  const place = `occurred_at${plan.path === null ? '' : ` "${plan.path}"`}`;
  return (value, fetchedAt) => {
    const found = find(value);
    if (found === null || found === undefined || (typeof found === 'string' && found.trim() === '')) {
      if (plan.onMissing === 'fetched_at') return { ok: true, micros: microsOfDate(fetchedAt), fromRecord: false };
      return { ok: false, rejection: { reason: 'missing_time', message: `no value at ${place}` } };
    }
    const time = read(found, fetchedAt);
    if (time.ok) return { ok: true, micros: time.micros, fromRecord: true };
    if (isFeed && plan.onMissing === 'fetched_at') {
      const updated = parseIso8601(updatedOf(value));
      if (updated.ok) return { ok: true, micros: updated.micros, fromRecord: true, isFallback: true };
      return { ok: true, micros: microsOfDate(fetchedAt), fromRecord: false, isFallback: true };
    }
    const what = quotes
      ? `${describe(found)}: ${time.why}`
      : `no time in the format ${plan.format}; its value is ${hiddenValue}`;
    return { ok: false, rejection: { reason: 'invalid_time', message: `${place} is ${what}` } };
  };
}

/** `published` is ISO 8601 where it can be read, but a path may lead to what the feed wrote. */
function orAsFeeds(read: TimeReader): TimeReader {
  return (value, now) => {
    const time = read(value, now);
    if (time.ok || typeof value !== 'string') return time;
    const written = parseFeedTime(value);
    return written.ok ? written : time;
  };
}

function updatedOf(value: unknown): string {
  const { updated } = value as { readonly updated?: unknown };
  return typeof updated === 'string' ? updated : '';
}

/** Furthest that a time since 1970 may lie ahead to count as plausible, where the configuration does not say. */
const defaultAheadMs = 2 * 86_400_000;

/** Makes a reader for a format: `iso8601`, `epoch_s`, `epoch_ms`, `rfc822` or a date-fns pattern. */
export function createTimeReader(format: string, timezone: string, maxAheadMs = defaultAheadMs): TimeReader {
  const zone = zoneOffset(timezone);
  switch (format) {
    case 'epoch_s':
      return epochReader(6, maxAheadMs);
    case 'epoch_ms':
      return epochReader(3, maxAheadMs);
    case 'iso8601':
      return textReader(
        (text) => writtenByDotNet(text) ?? parseIso8601(text, zone),
        ' or set occurred_at.format (epoch_s, epoch_ms)',
      );
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
  const trimmedPattern = pattern.trim();
  return textReader((text, now) => {
    // A pattern without a date means today, as the zone has it.
    const today = new Date(now.getTime() + zone(now.getTime()));
    const date = parse(text, trimmedPattern, today, { in: inUtc });
    if (!isValid(date)) return { ok: false, why: `expected a time in the pattern "${pattern}"` };
    const offsetMs = isAbsolute ? 0 : zone(date.getTime());
    const finer = fraction?.exec(text)?.[1]?.slice(3, 6).padEnd(3, '0') ?? '0';
    return inRange(BigInt(date.getTime() - offsetMs) * 1000n + BigInt(finer));
  });
}

function textReader(read: (text: string, now: Date) => TimeResult, hint = ''): TimeReader {
  return (value, now) =>
    typeof value === 'string' ? read(value.trim(), now) : { ok: false, why: `expected a string${hint}` };
}

function epochReader(scale: 6 | 3, maxAheadMs: number): TimeReader {
  return (value, now) => {
    const latest = microsOfDate(now) + BigInt(maxAheadMs) * 1000n;
    if (typeof value === 'number') return parseEpochIn(String(value), scale, latest);
    if (value instanceof ExactNumber) return parseEpochIn(value.text, scale, latest);
    if (typeof value === 'string') return parseEpochIn(millisecondsIn(value, scale), scale, latest);
    return { ok: false, why: 'expected a number' };
  };
}

/** How .NET and OData before its version 4 write a time in JSON; the offset is only the zone of the server. */
const dotNetDate = /^\/Date\((-?\d+)(?:[+-]\d{4})?\)\/$/;

function millisecondsIn(text: string, scale: 6 | 3): string {
  return scale === 3 ? (dotNetDate.exec(text.trim())?.[1] ?? text) : text;
}

function writtenByDotNet(text: string): TimeResult | null {
  return dotNetDate.test(text) ? { ok: false, why: 'expected ISO 8601; set format: epoch_ms' } : null;
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
  if (typeof value === 'string') return JSON.stringify(truncate(value, 60));
  if (value instanceof ExactNumber) return truncate(value.text, 60);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return Array.isArray(value) ? 'an array' : 'an object';
}
