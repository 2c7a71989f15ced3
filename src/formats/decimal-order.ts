import { decimalOf, ExactNumber } from './exact-json.ts';

/** A number as JSON has it, whether or not JavaScript can hold it. */
export function isNumber(value: unknown): value is number | ExactNumber {
  return typeof value === 'number' || value instanceof ExactNumber;
}

/** Under 0 if `a` is the smaller number, 0 if both are equal. All digits count. */
export function compareNumbers(a: number | ExactNumber, b: number | ExactNumber): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  const [left, right] = [partsOf(a), partsOf(b)];
  if (left.sign !== right.sign) return left.sign - right.sign;
  return left.sign * compareSizes(left, right);
}

/** Whether two JSON values are the same; numbers are if they have the same value. */
export function isSameJson(a: unknown, b: unknown): boolean {
  if (isNumber(a) && isNumber(b)) return compareNumbers(a, b) === 0;
  if (isNumber(a) || isNumber(b) || typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) {
    return a === b;
  }
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [left, right] = [Object.entries(a), Object.entries(b)];
  if (left.length !== right.length) return false;
  return left.every(([key, value]) => Object.hasOwn(b, key) && isSameJson(value, (b as Record<string, unknown>)[key]));
}

interface Parts {
  /** -1, 0 or 1. */
  readonly sign: number;
  readonly digits: string;
  /** Power of ten of the first digit. */
  readonly power: number;
}

function partsOf(value: number | ExactNumber): Parts {
  const text = value instanceof ExactNumber ? value.text : String(value);
  const [written = '0', exponent = '0'] = decimalOf(text).split('e');
  if (written === '0') return { sign: 0, digits: '', power: 0 };
  const isNegative = written.startsWith('-');
  const digits = isNegative ? written.slice(1) : written;
  return { sign: isNegative ? -1 : 1, digits, power: Number(exponent) + digits.length };
}

function compareSizes(a: Parts, b: Parts): number {
  if (a.power !== b.power) return a.power - b.power;
  // Digits behind the first one: a text that continues is the larger number.
  return a.digits < b.digits ? -1 : a.digits > b.digits ? 1 : 0;
}
