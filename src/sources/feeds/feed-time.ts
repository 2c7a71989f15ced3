import {
  composeTime,
  formatMicros,
  inRange,
  parseEpoch,
  parseIso8601,
  type TimeResult,
} from '../../domain/time/timestamp.ts';
import type { DateOrder } from '../../domain/plan/plan-parts.ts';
import { offsetOfZone } from '../../domain/time/zone-names.ts';
import { plainDate } from './date-text.ts';
import { DateWords } from './date-words.ts';
import { withoutSigns } from './eastern-date.ts';

/** The time that a feed's text means, as ISO 8601; the text itself if it cannot be read. */
export function feedTime(text: string, order: DateOrder | null = null): string {
  return knownFeedTime(text, order) ?? text;
}

/** The same; null if it cannot be read. */
export function knownFeedTime(text: string, order: DateOrder | null): string | null {
  const time = parseFeedTime(text, order);
  return time.ok ? formatMicros(time.micros).replace(/\.?0+Z$/, 'Z') : null;
}

/**
 * Reads the ways in which feeds write times: ISO 8601 and its short forms, RFC 822 with its slips (no time, no weekday,
 * commas, names of zones, two-digit years), `date` and `asctime`, dates of numbers, names of months in many languages,
 * seconds since 1970. Every word must make sense; a date that does not exist is none.
 * @param order of day and month where both are numbers; null = the day first, but not where an American clock follows
 */
export function parseFeedTime(text: string, order: DateOrder | null = null): TimeResult {
  const written = parseIso8601(text);
  // Most times of Atom and JSON are read here.
  if (written.ok) return written;
  const trimmed = plainDate(text);
  const iso = parseIso8601(isoOf(trimmed));
  if (iso.ok) return iso;
  const counted = counts.find(({ digits }) => digits.test(trimmed));
  if (counted) return parseEpoch(trimmed, counted.scale);
  const isMidnight = endOfDay.test(trimmed);
  const started = withoutSigns(isMidnight ? trimmed.replace(endOfDay, '00:00') : trimmed);
  const lenient = parseIso8601(lenientIso(started));
  const read = lenient.ok ? null : new DateWords(started, order).read();
  const time = read ? composeTime(read) : lenient;
  if (!time.ok) return { ok: false, why: 'expected a time as feeds write it' };
  return isMidnight ? inRange(time.micros + dayMicros) : time;
}

/** Seconds, milliseconds and microseconds since 1970. */
const counts = [
  { digits: /^\d{9,10}(?:\.\d+)?$/, scale: 6 },
  { digits: /^\d{12,13}$/, scale: 3 },
  { digits: /^\d{15,16}$/, scale: 0 },
] as const;

/** The end of a day, which is the start of the next. */
const endOfDay = /(?<![\d:])24:00(?::00(?:\.0+)?)?(?![\d:])/;
const dayMicros = 86_400_000_000n;

/** The short forms of ISO 8601 that the W3C allows, and slips that are common, in full. */
function isoOf(text: string): string {
  const minutes = /^(20\d{2})(\d{2})(\d{2})(\d{2})(\d{2})$/.exec(text);
  if (minutes) return `${minutes.slice(1, 4).join('-')}T${minutes[4]}:${minutes[5]}`;
  const short = /^(\d{4})(?:-(\d{2}))?$/.exec(text);
  if (short) return `${short[1]}-${short[2] ?? '01'}-01`;
  const slashed = /^(?:[a-z]{3,9},?\s+)?(\d{4})\/(\d{1,2})\/(\d{1,2})(.*)$/i.exec(text);
  if (!slashed) return text.replace(/^(\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(?:\.\d+)?) ?(?:GMT|UTC)$/i, '$1Z');
  const [, year, month = '', day = '', rest = ''] = slashed;
  const clock = /^\s*(\d{1,2}:\d{2}(?::\d{2})?)?\s*(\S*)$/.exec(rest);
  if (!clock) return text;
  const [, time = '', zone = ''] = clock;
  const offset = zone === '' ? '' : (offsetOfZone(zone) ?? zone);
  if (time === '' && /^\D/.test(offset) && !/^[+-]\d/.test(offset)) return text;
  const date = `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
  return time === '' ? date : `${date}T${time.padStart(time.indexOf(':') === 1 ? time.length + 1 : 0, '0')}${offset}`;
}

const loose =
  /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[Tt,]?\s*(\d{1,2}):(\d{1,2})(?::(\d{1,2})([.,]\d+)?)?\s*([+-]\d{1,2}(?::?\d{2})?|\p{L}[\p{L}\d/+:-]*)?)?$/u;

/** ISO 8601 whose parts have one digit, or whose zone has a name. */
function lenientIso(text: string): string {
  const digits = /^(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2}))?$/.exec(text);
  if (digits) return `${digits.slice(1, 4).join('-')}T${digits[4] ?? '00'}:${digits[5] ?? '00'}:${digits[6] ?? '00'}`;
  // A weekday before it, and the name of a zone behind its offset.
  const bare = text
    .replace(/^\p{L}{2,20}\.?,?\s+(?=\d{4}-)/u, '')
    .replace(/([+-]\d{2}:?\d{2})\s+\(?[A-Z]{2,5}\)?$/, '$1');
  const found = loose.exec(bare);
  if (!found) return text;
  const [, year, month = '', day = '', hour, minute = '', second = '0', fraction = '', zone] = found;
  const date = `${year}-${two(month)}-${two(day)}`;
  if (hour === undefined) return date;
  const offset = zone === undefined ? '' : (offsetOfZone(zone) ?? zone.replace(/^([+-])(\d)(?=$|:)/, '$10$2'));
  return `${date}T${two(hour)}:${two(minute)}:${two(second)}${fraction}${offset}`;
}

function two(digits: string): string {
  return digits.padStart(2, '0');
}
