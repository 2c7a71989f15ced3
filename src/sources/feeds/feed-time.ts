import {
  composeTime,
  formatMicros,
  monthNumber,
  parseIso8601,
  utcOffset,
  type TimeResult,
  type ZoneOffset,
} from '../../domain/time.ts';
import { offsetOfZone } from '../../domain/zone-names.ts';

/** The time that a feed's text means, as ISO 8601; the text itself where nobody can tell. */
export function feedTime(text: string): string {
  const time = parseFeedTime(text);
  return time.ok ? formatMicros(time.micros).replace(/\.?0+Z$/, 'Z') : text;
}

/**
 * Reads the ways in which feeds write times: ISO 8601 and its short forms, RFC 822 with its slips (no time, no weekday,
 * commas, names of zones, two-digit years), `date` and `asctime`, American and slashed dates, seconds since 1970. Every
 * word must make sense; a date that does not exist is none.
 */
export function parseFeedTime(text: string): TimeResult {
  const trimmed = text.trim();
  const iso = parseIso8601(isoOf(trimmed));
  if (iso.ok) return iso;
  if (/^\d{9,10}$/.test(trimmed)) return { ok: true, micros: BigInt(trimmed) * 1_000_000n };
  if (/^\d{12,13}$/.test(trimmed)) return { ok: true, micros: BigInt(trimmed) * 1_000n };
  const read = new Words(trimmed).read();
  return read ? composeTime(read) : { ok: false, why: 'expected a time as feeds write it' };
}

/** The short forms of ISO 8601 that the W3C allows, and slips that are common, in full. */
function isoOf(text: string): string {
  const short = /^(\d{4})(?:-(\d{2}))?$/.exec(text);
  if (short) return `${short[1]}-${short[2] ?? '01'}-01`;
  const slashed = /^(?:[a-z]{3,9},?\s+)?(\d{4})\/(\d{1,2})\/(\d{1,2})(.*)$/i.exec(text);
  if (!slashed) return text.replace(/^(\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(?:\.\d+)?) ?(?:GMT|UTC)$/i, '$1Z');
  const [, year, month = '', day = '', rest = ''] = slashed;
  const [, time = '', zone = ''] = /^\s*(\d{1,2}:\d{2}(?::\d{2})?)?\s*(\S*)$/.exec(rest) ?? [];
  const offset = zone === '' ? '' : (offsetOfZone(zone) ?? zone);
  const date = `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
  return time === '' ? date : `${date}T${time.padStart(time.indexOf(':') === 1 ? time.length + 1 : 0, '0')}${offset}`;
}

type Parts = Parameters<typeof composeTime>[0];

/** The words of a date, in whatever order they come. */
class Words {
  readonly #words: string[];
  #day: number | null = null;
  #month: number | null = null;
  #year: number | null = null;
  #time: { readonly hour: number; readonly minute: number; readonly second: number; readonly micros: number } | null =
    null;
  #half: 'am' | 'pm' | null = null;
  #offset: string | ZoneOffset | null = null;

  constructor(text: string) {
    this.#words = text
      .replaceAll(/\([^)]*\)/g, ' ')
      .replaceAll(/(\d)(?:st|nd|rd|th)\b/gi, '$1')
      .replace(/^(\d{1,2})-([a-z]{3,9})-(\d{2,4})\b/i, '$1 $2 $3')
      .replace(
        /^([a-z]{3,9}\.?,?)?\s*(\d{1,2})[./](\d{1,2})[./](\d{4})\b/i,
        (_, _weekday: string, a: string, b: string, year: string) => this.#numeric(text, Number(a), Number(b), year),
      )
      .split(/[\s,]+/)
      .filter((word) => word !== '');
  }

  read(): Parts | null {
    for (const [index, word] of this.#words.entries()) if (!this.#take(word, index)) return null;
    if (this.#day === null || this.#month === null || this.#year === null) return null;
    const { hour, minute, second, micros } = this.#time ?? { hour: 0, minute: 0, second: 0, micros: 0 };
    if (this.#half !== null && (hour < 1 || hour > 12)) return null;
    const hours = this.#half === null ? hour : (hour % 12) + (this.#half === 'pm' ? 12 : 0);
    return {
      ...{ year: this.#year, month: this.#month, day: this.#day, hour: hours, minute, second, micros },
      offset: this.#offset ?? utcOffset,
    };
  }

  #take(word: string, index: number): boolean {
    const time = /^(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(am|pm)?$/i.exec(word);
    if (time) return this.#takeTime(time);
    if (/^\d{1,4}$/.test(word)) return this.#takeNumber(word);
    const name = word.toLowerCase().replace(/\.$/, '');
    if (/^(?:am|pm|a\.m|p\.m)$/.test(name)) {
      this.#half = name.startsWith('a') ? 'am' : 'pm';
      return this.#time !== null;
    }
    if (this.#month === null && monthNumber(name) > 0) {
      this.#month = monthNumber(name);
      return true;
    }
    if (this.#time !== null && this.#takeZone(word)) return true;
    // A weekday, or a word such as "at" and "T" between date and time.
    return (index === 0 && /^\p{L}{2,12}$/u.test(name)) || ['at', 't', 'of'].includes(name);
  }

  #takeTime([, hour, minute, second = '0', fraction = '', half]: RegExpExecArray): boolean {
    if (this.#time !== null) return false;
    const micros = Number(fraction.slice(0, 6).padEnd(6, '0'));
    this.#time = { hour: Number(hour), minute: Number(minute), second: Number(second), micros };
    if (half !== undefined) this.#half = half.toLowerCase() === 'am' ? 'am' : 'pm';
    return true;
  }

  #takeNumber(word: string): boolean {
    if (this.#day === null && word.length <= 2) this.#day = Number(word);
    else if (this.#year === null && (word.length === 4 || (word.length === 2 && this.#month !== null))) {
      const year = Number(word);
      this.#year = word.length === 4 ? year : year + (year < 50 ? 2000 : 1900);
    } else return false;
    return true;
  }

  #takeZone(word: string): boolean {
    if (this.#offset !== null && typeof this.#offset === 'string' && this.#offset !== '+0000') return false;
    const signed = /^(?:GMT|UTC)?([+-])(\d{1,2}):?(\d{2})?$/i.exec(word);
    const offset = signed
      ? `${signed[1]}${(signed[2] ?? '').padStart(2, '0')}${signed[3] ?? '00'}`
      : offsetOfZone(word.replace(/\.$/, ''));
    if (offset === null) return false;
    this.#offset = offset;
    return true;
  }

  /** `31.12.2026` and `31/12/2026`; `12/31/2026` where the American clock follows, or nothing else makes a date. */
  #numeric(text: string, a: number, b: number, year: string): string {
    const american = !/^\D*\d+\./.test(text) && (b > 12 || (a <= 12 && /\d\s*[ap]m\b/i.test(text)));
    const [day, month] = american ? [b, a] : [a, b];
    this.#month = month;
    this.#day = day;
    return ` ${year} `;
  }
}
