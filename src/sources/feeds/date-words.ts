import { monthNumber, utcOffset, type composeTime, type ZoneOffset } from '../../domain/time/timestamp.ts';
import type { DateOrder } from '../../domain/plan/plan-parts.ts';
import { offsetOfZone } from '../../domain/time/zone-names.ts';
import { orderByWeekday } from './date-order.ts';
import { isWeekday, monthOfName } from './date-names.ts';

type Parts = Parameters<typeof composeTime>[0];

/** Words without meaning: `at` and its equivalents in other languages; the dash of Drupal. */
const fillers = new Set([
  'at',
  't',
  'of',
  'de',
  'del',
  'om',
  'um',
  'uhr',
  'kl',
  'klo',
  'klokken',
  'ore',
  'alle',
  'saat',
  'uur',
  'godz',
  'ч',
  'd',
  'm',
  'v',
  'gada',
  '@',
  'à',
  'às',
  'a',
  'las',
  'г',
  'года',
  'в',
  'р',
  'r',
  'року',
  'о',
  '-',
  '–',
  '|',
]);

const thaiYears = 543;

/** The words of a date, in whatever order they come. */
export class DateWords {
  readonly #words: string[];
  #day: number | null = null;
  #month: number | null = null;
  #year: number | null = null;
  #time: { readonly hour: number; readonly minute: number; readonly second: number; readonly micros: number } | null =
    null;
  #half: 'am' | 'pm' | null = null;
  #offset: string | ZoneOffset | null = null;
  /** The first word, where that is not a month in English. */
  #weekday: string | null = null;
  readonly #order: DateOrder | null;
  readonly #text: string;

  constructor(text: string, order: DateOrder | null, weekday: string | null = null) {
    this.#text = text;
    this.#order = order;
    this.#weekday = weekday;
    this.#words = text
      .replaceAll(/\([^)]*\)/g, ' ')
      .replace(/^(\d{1,2})\.\s(\d{1,2})\.\s(?=\d{4})/, '$1.$2.')
      .replaceAll(/(\d)(?:st|nd|rd|th|er|º)(?!\p{L})/giu, '$1')
      .replace(/^(\p{L}{2,20}\.?,?\s+)?(\d{1,4})([/-])(\p{L}{3,12})\3(\d{2,4})(?!\d):?/iu, '$1 $2 $4 $5 ')
      .replace(/\b(\d{1,2})\s?h\s?(\d{2})\b/i, '$1:$2')
      .replace(/(\d{4})T(?=\d{1,2}:\d)/, '$1 ')
      .replace(/(:\d{2})(?=(?:Z|GMT|UTC|[+-]\d{2}:?\d{2})$)/i, '$1 ')
      .replace(
        /^(?:\p{L}[\p{L}\p{M}.-]{0,19},?\s+)?(\d{4})([-/.])(\d{1,2})\2(\d{1,2})\.?(?=[\s,]|$)/u,
        (_, year: string, _separator, month: string, day: string) => {
          [this.#month, this.#day] = [Number(month), Number(day)];
          return ` ${year} `;
        },
      )
      .replace(/\b(kl|klo|ore)(\.?\s+\d{1,2})\.(\d{2})\b/i, '$1$2:$3')
      .replace(
        /^((?:\p{L}[\p{L}\p{M}-]{1,19}\.?,?\s?){1,2})?\s*(\d{1,2})([./-])(\d{1,2})\3(\d{4}|\d{2})(?!\d)/u,
        (written, words: string | undefined, a: string, separator: string, b: string, year: string) =>
          // `26.03.05` may begin with its year.
          year.length === 2 && order === null
            ? written
            : this.#numeric(separator === '.', words ?? '', [Number(a), Number(b)], year),
      )
      .split(/[\s,]+/)
      .filter((word) => word !== '');
  }

  read(): Parts | null {
    for (const [index, word] of this.#words.entries()) if (!this.#take(word, index)) return this.#withoutFirst();
    this.#month ??= this.#weekday === null ? null : monthOfName(this.#weekday, null) || null;
    if (this.#day === null || this.#month === null || this.#year === null) return null;
    const { hour, minute, second, micros } = this.#time ?? { hour: 0, minute: 0, second: 0, micros: 0 };
    // Some write `22:00 PM`.
    if (this.#half === 'am' && hour > 12) return null;
    const hours = this.#half === null || hour > 12 ? hour : (hour % 12) + (this.#half === 'pm' ? 12 : 0);
    return {
      year: this.#isThai ? this.#year - thaiYears : this.#year,
      month: this.#month,
      day: this.#day,
      hour: hours,
      minute,
      second,
      micros,
      offset: this.#offset ?? utcOffset,
    };
  }

  /** The years of Thailand are those of Buddha. */
  get #isThai(): boolean {
    return this.#year !== null && this.#year > 2_400 && /\p{Script=Thai}/u.test(this.#text);
  }

  /** A weekday of another language may be a month in English: `mar., 5 mai`. */
  #withoutFirst(): Parts | null {
    const [whole, first = ''] = /^(\p{L}{2,12})\.?,?\s+(?=\d)/u.exec(this.#text) ?? [];
    if (whole === undefined || monthNumber(first.toLowerCase()) === 0) return null;
    return new DateWords(this.#text.slice(whole.length), this.#order, first).read();
  }

  #take(word: string, index: number): boolean {
    const time = /^(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:[.,](\d{1,9}))?)?(am|pm)?$/i.exec(word);
    if (time) return this.#takeTime(time);
    // `5. März`: in many languages a day has a dot.
    if (/^\d{1,4}\.?$/.test(word)) return this.#takeNumber(word.replace('.', ''));
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
    if (fillers.has(name)) return true;
    if (index === 0 && /^\p{L}[\p{L}\p{M}.-]{0,19}$/u.test(name)) {
      this.#weekday = name;
      return true;
    }
    return this.#month === null ? this.#takeMonth(name) : isWeekday(name);
  }

  #takeMonth(name: string): boolean {
    const month = monthOfName(name, this.#weekday);
    if (month === 0) return false;
    this.#month = month;
    return true;
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
    const signed = /^(?:GMT|UTC?|Z)?([+-])(\d{1,2}):?(\d{2})?$/i.exec(word);
    const offset = signed
      ? `${signed[1]}${(signed[2] ?? '').padStart(2, '0')}${signed[3] ?? '00'}`
      : offsetOfZone(word.replace(/\.$/, ''));
    if (offset === null) return false;
    this.#offset = offset;
    return true;
  }

  /**
   * `31.12.2026` and `31/12/2026`; `12/31/2026` where the source writes so or the weekday says so, where it is unknown and an
   * American clock follows, or where nothing else makes a date.
   */
  #numeric(isDotted: boolean, words: string, [a, b]: readonly [number, number], year: string): string {
    const order = this.#order ?? orderByWeekday(words, a, b, Number(year));
    const bySource = order === null ? /\d\s*[ap]m\b/i.test(this.#text) : order === 'mdy';
    const monthFirst = a > 12 ? false : b > 12 || (!isDotted && bySource);
    [this.#day, this.#month] = monthFirst ? [b, a] : [a, b];
    return ` ${year} `;
  }
}
