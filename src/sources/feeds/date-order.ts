import type { DateOrder } from '../../domain/plan/plan-parts.ts';
import type { Warning } from '../../domain/run/warning.ts';
import { weekdaysOfName } from './date-names.ts';

/** `05/12/2024`, perhaps after a weekday. */
const numbers = /^((?:\p{L}[\p{L}\p{M}.-]{1,19},?\s?){1,2})?\s*(\d{1,2})([/-])(\d{1,2})\3(\d{4})(?!\d)/u;

export const ambiguousDate =
  'a date such as 05/12/2024 may be day/month or month/day, and nothing in the document shows which; set date_order: dmy or mdy';

/** The order in which two numbers are the day that a weekday before them says; null if none, or both are. */
export function orderByWeekday(words: string, a: number, b: number, year: number): DateOrder | null {
  const name = words.trim().replace(/[.,]+$/, '');
  if (name === '') return null;
  const weekdays = weekdaysOfName(name);
  const isDay = (month: number, day: number) => weekdays.includes(new Date(Date.UTC(year, month - 1, day)).getUTCDay());
  const [isDmy, isMdy] = [isDay(b, a), isDay(a, b)];
  return isDmy === isMdy ? null : isDmy ? 'dmy' : 'mdy';
}

/**
 * In which order a document writes days and months where both are numbers. A date with a part over 12 shows it, for all
 * dates of the document and for later ones of the source.
 */
export class DateOrders {
  readonly #given: DateOrder | null;
  readonly #remembered: DateOrder | null;
  readonly #shown = new Set<DateOrder>();
  /** Dates that could be read both ways. */
  #open = 0;

  /** @param given by the configuration */
  constructor(given: DateOrder | null = null, remembered: DateOrder | null = null) {
    this.#given = given;
    this.#remembered = remembered;
  }

  notice(text: string): void {
    const [, words = '', first, , second, year] = numbers.exec(text.trim()) ?? [];
    if (first === undefined || second === undefined || Number(first) === Number(second)) return;
    const [a, b] = [Number(first), Number(second)];
    if (a <= 12 && b <= 12) {
      const order = orderByWeekday(words, a, b, Number(year));
      if (order === null) this.#open++;
      else this.#shown.add(order);
    }
    if (a > 12 && b <= 12) this.#shown.add('dmy');
    if (b > 12 && a <= 12) this.#shown.add('mdy');
  }

  /** Whether a date could be read both ways. */
  get isAsked(): boolean {
    return this.#open > 0;
  }

  /** What this document shows; null = nothing, or both. */
  get shown(): DateOrder | null {
    const [only, other] = this.#shown;
    return only === undefined || other !== undefined ? null : only;
  }

  /** The order to read by; null = unknown. */
  get order(): DateOrder | null {
    if (this.#given !== null) return this.#given;
    if (this.#shown.size > 1) return null;
    return this.shown ?? this.#remembered;
  }

  warnings(): Warning[] {
    if (this.#open === 0 || this.order !== null) return [];
    return [{ code: 'ambiguous_date', message: ambiguousDate, count: this.#open }];
  }
}
