import { offsetOfZone } from './zone-names.ts';

/**
 * A point in time: microseconds since 1970-01-01T00:00:00Z, between the years 0001 and 9999.
 * This value alone is sent to PostgreSQL and names the day of a record; nothing else parses a record's time.
 */
export type Micros = bigint;

export type TimeResult = { readonly ok: true; readonly micros: Micros } | { readonly ok: false; readonly why: string };

/** Offset from UTC in milliseconds that a zone has at a wall-clock time (milliseconds as if it were UTC). */
export type ZoneOffset = (wallClockMs: number) => number;

export const utcOffset: ZoneOffset = () => 0;

export function microsOfDate(date: Date): Micros {
  return BigInt(date.getTime()) * 1000n;
}

export function dateOfMicros(micros: Micros): Date {
  return new Date(Number(floorDivide(micros, 1000n)));
}

/** `2026-11-01T09:30:00.000000Z`: always 27 characters, so text order is time order. */
export function formatMicros(micros: Micros): string {
  const { milliseconds, rest } = splitMicros(micros);
  const text = new Date(milliseconds).toISOString().slice(0, 23);
  return rest === 0 ? `${text}000Z` : `${text}${String(rest).padStart(3, '0')}Z`;
}

/** Whole milliseconds, and the microseconds from 0 to 999 behind them. */
function splitMicros(micros: Micros): { readonly milliseconds: number; readonly rest: number } {
  // Until 2255 a number holds all of it: several times as fast, and each record has a few of these.
  const number = Number(micros);
  if (Number.isSafeInteger(number)) {
    const remainder = number % 1000;
    const rest = remainder < 0 ? remainder + 1000 : remainder;
    return { milliseconds: (number - rest) / 1000, rest };
  }
  const milliseconds = floorDivide(micros, 1000n);
  return { milliseconds: Number(milliseconds), rest: Number(micros - milliseconds * 1000n) };
}

const microsOfDay = 86_400_000_000;

/** Whole days since 1970-01-01. */
export function daysOfMicros(micros: Micros): number {
  // The last microsecond of a day is not rounded up to the next day: a safe integer has fewer days than 2^17.
  const number = Number(micros);
  if (Number.isSafeInteger(number)) return Math.floor(number / microsOfDay);
  return Number(floorDivide(micros, BigInt(microsOfDay)));
}

const extended =
  /^(\d{4})-(\d{2})-(\d{2})(?:[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?(?: ?([Zz]|[+-]\d{2}(?::?\d{2})?))?)?$/;
const basic = /^(\d{4})(\d{2})(\d{2})[Tt](\d{2})(\d{2})(?:(\d{2})(?:[.,](\d+))?)?([Zz]|[+-]\d{2}(?::?\d{2})?)?$/;

/**
 * Reads an ISO 8601 time, extended or basic. Digits beyond microseconds are cut off, second 60 becomes `:59.999999`,
 * hour 24 and dates that do not exist are refused. A time without offset is taken in `zone`.
 */
export function parseIso8601(text: string, zone: ZoneOffset = utcOffset): TimeResult {
  const trimmed = text.trim();
  const usual = readUsual(trimmed);
  if (usual) return composeTime(usual);
  const match = extended.exec(trimmed) ?? basic.exec(trimmed);
  if (!match) return { ok: false, why: 'expected an ISO 8601 time such as 2026-11-01T09:30:00Z' };
  const [, year, month, day, hour = '00', minute = '00', second = '00', fraction = '', offset] = match;
  return composeTime({
    year: Number(year),
    month: Number(month),
    day: Number(day),
    hour: Number(hour),
    minute: Number(minute),
    second: Number(second),
    micros: Number(fraction.slice(0, 6).padEnd(6, '0')),
    offset: offset ?? zone,
  });
}

/** `2026-11-01T09:30:00Z`, with up to six digits of a fraction: what most sources write. Null for another form. */
function readUsual(text: string): TimeParts | null {
  const { length } = text;
  if (length < 20 || length > 27 || length === 21 || text[4] !== '-' || text[7] !== '-' || text[10] !== 'T')
    return null;
  if (text[13] !== ':' || text[16] !== ':' || text[length - 1] !== 'Z') return null;
  if (length > 20 && text[19] !== '.') return null;
  const year = readDigits(text, 0, 4);
  const month = readDigits(text, 5, 7);
  const day = readDigits(text, 8, 10);
  const hour = readDigits(text, 11, 13);
  const minute = readDigits(text, 14, 16);
  const second = readDigits(text, 17, 19);
  const fraction = length === 20 ? 0 : readDigits(text, 20, length - 1);
  // NaN, where one of them is no number, makes NaN of the sum.
  if (Number.isNaN(year + month + day + hour + minute + second + fraction)) return null;
  const micros = length === 20 ? 0 : fraction * 10 ** (27 - length);
  return { year, month, day, hour, minute, second, micros, offset: 'Z' };
}

/** NaN if there is something else than digits. */
export function readDigits(text: string, from: number, to: number): number {
  let value = 0;
  for (let index = from; index < to; index++) {
    const digit = text.charCodeAt(index) - 0x30;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

/** The parts of a wall-clock time, with its offset (`Z`, `+01:00`, `-0530`) or the zone it is meant in. */
export interface TimeParts {
  readonly year: number;
  /** 1..12 */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly micros: number;
  readonly offset: string | ZoneOffset;
}

/** Checks the parts against the calendar and puts them together. */
export function composeTime(parts: TimeParts): TimeResult {
  const { year, month, day, hour, minute } = parts;
  if (year < 1) return { ok: false, why: `year ${year} is before 1` };
  if (month < 1 || month > 12) return { ok: false, why: `month ${month} does not exist` };
  if (day < 1 || day > daysInMonth(year, month)) return { ok: false, why: `day ${day} does not exist in that month` };
  if (hour > 23) return { ok: false, why: `hour ${hour} does not exist` };
  if (minute > 59) return { ok: false, why: `minute ${minute} does not exist` };
  if (parts.second > 60) return { ok: false, why: `second ${parts.second} does not exist` };
  const leap = parts.second === 60;
  const second = leap ? 59 : parts.second;
  const micros = leap ? 999_999 : parts.micros;
  const wallClockMs = dayMs(year, month, day) + ((hour * 60 + minute) * 60 + second) * 1000;
  const offsetMs = typeof parts.offset === 'string' ? parseOffset(parts.offset) : parts.offset(wallClockMs);
  if (offsetMs === null) return { ok: false, why: `offset ${String(parts.offset)} does not exist` };
  return inRange(BigInt(wallClockMs - offsetMs) * 1000n + BigInt(micros));
}

/** Midnight of an existing day, in milliseconds since 1970. */
function dayMs(year: number, month: number, day: number): number {
  // To `Date.UTC` a year below 100 is one of the 20th century.
  return year < 100 ? new Date(0).setUTCFullYear(year, month - 1, day) : Date.UTC(year, month - 1, day);
}

const epochPattern = /^([+-]?)(\d+)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$/;

/** Reads seconds (`scale` 6), milliseconds (3), microseconds (0) or nanoseconds (-3) since 1970, with fraction or exponent, by decimal digits. */
export function parseEpoch(text: string, scale: 6 | 3 | 0 | -3): TimeResult {
  const match = epochPattern.exec(text.trim());
  if (!match) return { ok: false, why: `expected ${scale === 6 ? 'seconds' : 'milliseconds'} since 1970` };
  const [, sign, whole = '', fraction = '', exponent = '0'] = match;
  const point = whole.length + Number(exponent) + scale;
  const digits = whole + fraction;
  if (point > 30) return { ok: false, why: 'is outside the years 0001 to 9999' };
  const micros = point <= 0 ? 0n : BigInt(digits.slice(0, point).padEnd(point, '0'));
  return inRange(sign === '-' ? -micros : micros);
}

const months = 'january february march april may june july august september october november december'.split(' ');
const rfc822 =
  /^(?:[a-z]{3,9}\.?,?\s+)?(\d{1,2})[\s-]([a-z]{3,9})\.?[\s-](\d{2}|\d{4})\s+(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\s+([a-z]{1,5}|[+-]\d{2}:?\d{2}))?(?:\s+\([^)]*\))?$/i;

/** Reads an RFC 822 / 2822 time (`Mon, 02 Jan 06 15:04:05 EST`); two-digit years below 50 are of this century. */
export function parseRfc822(text: string, zone: ZoneOffset = utcOffset): TimeResult {
  const match = rfc822.exec(text.trim());
  const why = 'expected an RFC 822 time such as Mon, 02 Jan 2026 15:04:05 GMT';
  if (!match) return { ok: false, why };
  const [, day, monthName = '', yearText = '', hour, minute, second = '0', zoneName] = match;
  const month = monthNumber(monthName.toLowerCase());
  if (month === 0) return { ok: false, why };
  const shortYear = Number(yearText);
  const year = yearText.length === 4 ? shortYear : shortYear + (shortYear < 50 ? 2000 : 1900);
  const offset = zoneName === undefined ? zone : (offsetOfZone(zoneName) ?? zoneName);
  return composeTime({
    year,
    month,
    day: Number(day),
    hour: Number(hour),
    minute: Number(minute),
    second: Number(second),
    micros: 0,
    offset,
  });
}

/** 1..12 for a month's name, whole or cut to three letters (September also to four); 0 for no month. */
export function monthNumber(name: string): number {
  return (
    months.findIndex(
      (month) => name === month || name === month.slice(0, 3) || (name === 'sept' && month === 'september'),
    ) + 1
  );
}

/** Refuses what is outside the years 0001 to 9999. */
export function inRange(micros: Micros): TimeResult {
  return micros >= earliest && micros <= latest
    ? { ok: true, micros }
    : { ok: false, why: 'is outside the years 0001 to 9999' };
}

const earliest = BigInt(Date.parse('0001-01-01T00:00:00Z')) * 1000n;
const latest = BigInt(Date.parse('9999-12-31T23:59:59.999Z')) * 1000n + 999n;

function parseOffset(text: string): number | null {
  if (text === 'Z' || text === 'z') return 0;
  const match = /^([+-])(\d{2}):?(\d{2})?$/.exec(text);
  if (!match) return null;
  const hours = Number(match[2]);
  const minutes = Number(match[3] ?? 0);
  if (hours > 23 || minutes > 59) return null;
  return (match[1] === '-' ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

function floorDivide(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value % by < 0n ? quotient - 1n : quotient;
}
