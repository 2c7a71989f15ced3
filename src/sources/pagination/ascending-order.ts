import type { Warning } from '../../domain/run/warning.ts';
import type { NextPage } from '../../domain/state/fetch-position.ts';
import { ExactNumber } from '../../formats/exact-json.ts';

/** Where a poll continues after a page. */
export interface Following {
  readonly next: NextPage | null;
  /** The poll cannot be complete: it ends here, `partial`. */
  readonly problem?: Warning;
}

/** Of a page that is not in ascending order. */
export function disorder(what: string): Warning {
  const message = `a page is not in ascending order of ${what}, so that records may be missed; request that order from the API. The poll ends there`;
  return { code: 'not_ascending', message, count: 1 };
}

/** Negative, zero or positive; null if two values cannot be compared in this way. */
type Compare = (a: unknown, b: unknown) => number | null;

/**
 * Whether values are in ascending order, in any of the orders that an API may mean: by number, by time, or by text with or without
 * regard to case. Values that are missing do not count.
 */
export function isAscending(values: readonly unknown[]): boolean {
  const known = values.filter((value) => value !== null && value !== undefined);
  return orders.some((order) =>
    known.every((value, index) => {
      if (index === 0) return true;
      const result = order(known[index - 1], value);
      return result !== null && result <= 0;
    }),
  );
}

function byNumber(a: unknown, b: unknown): number | null {
  const [first, second] = [numberText(a), numberText(b)];
  if (first === null || second === null) return null;
  if (/^-?\d+$/.test(first) && /^-?\d+$/.test(second)) {
    const [small, large] = [BigInt(first), BigInt(second)];
    return small < large ? -1 : small > large ? 1 : 0;
  }
  return Number(first) - Number(second);
}

function numberText(value: unknown): string | null {
  if (value instanceof ExactNumber) return value.text;
  if (typeof value === 'number') return String(value);
  const text = typeof value === 'string' ? value.trim() : '';
  return text !== '' && Number.isFinite(Number(text)) ? text : null;
}

function byTime(a: unknown, b: unknown): number | null {
  if (typeof a !== 'string' || typeof b !== 'string') return null;
  const difference = Date.parse(a) - Date.parse(b);
  return Number.isNaN(difference) ? null : difference;
}

function byText(a: unknown, b: unknown): number | null {
  if (typeof a !== 'string' || typeof b !== 'string') return null;
  return a < b ? -1 : a > b ? 1 : 0;
}

function byWords(a: unknown, b: unknown): number | null {
  return typeof a === 'string' && typeof b === 'string' ? a.localeCompare(b, 'en', { sensitivity: 'base' }) : null;
}

/** Lists, such as the sort values of a search: the first elements that differ decide. */
function byElements(a: unknown, b: unknown): number | null {
  if (!Array.isArray(a) || !Array.isArray(b)) return null;
  for (const [index, first] of a.entries()) {
    const second: unknown = b[index];
    const result = byNumber(first, second) ?? byText(first, second);
    if (result !== 0) return result;
  }
  return 0;
}

const orders: readonly Compare[] = [byNumber, byTime, byText, byWords, byElements];
