import { randomUUID } from 'node:crypto';
import { stringify as stringifyDeep } from 'json-custom-numbers';

/** Prefix of a number that travels through `JSON.parse` or `JSON.stringify` as a string; no one can guess it. */
const marker = `number:${randomUUID()}:`;

/**
 * A number whose digits a JavaScript number would change, or whose exponent is extreme; kept as written. It is a `Number` so that
 * JMESPath treats it as one.
 */
export class ExactNumber extends Number {
  readonly text: string;

  constructor(text: string) {
    super(text);
    this.text = text;
  }

  /** An exponent beyond ±400: 9 kB of such text can print as 131 MB (measured in PostgreSQL). */
  get isExtreme(): boolean {
    const exponent = /[eE]([+-]?\d+)$/.exec(this.text)?.[1];
    return exponent !== undefined && Math.abs(Number(exponent)) > 400;
  }

  toJSON(): string {
    return marker + this.text;
  }
}

export interface ParsedJson {
  readonly value: unknown;
  /** The value holds {@link ExactNumber}s: it must be written by {@link writeJson} with `exact`. */
  readonly exact: boolean;
}

/**
 * Parses JSON without changing a number.
 * @throws SyntaxError as `JSON.parse` does.
 */
export function parseJson(text: string): ParsedJson {
  if (!hasFragileNumber(text)) return { value: JSON.parse(text), exact: false };
  return { value: unmarkValue(JSON.parse(markNumbers(text))), exact: true };
}

/**
 * The same, but the way in which a number is written is kept as well: 1.10, 1e3, -0.
 * @throws SyntaxError as `JSON.parse` does
 */
export function parseDigits(text: string): ParsedJson {
  if (!hasRewrittenNumber(text)) return { value: JSON.parse(text), exact: false };
  const marked = markDigits(text);
  if (marked === text) return { value: JSON.parse(text), exact: false };
  try {
    return { value: unmarkValue(JSON.parse(marked)), exact: true };
  } catch {
    // What is wrong is said of the text as it was given.
    return { value: JSON.parse(text), exact: false };
  }
}

/** Turns numbers that would be written otherwise into marked strings. */
export function markDigits(text: string): string {
  return rewriteNumbers(text, (written) => (isRewritten(written) ? `"${marker}${written}"` : written));
}

function isRewritten(written: string): boolean {
  return String(Number(written)) !== written;
}

/** Turns numbers that would be changed into marked strings. */
function markNumbers(text: string): string {
  return rewriteNumbers(text, (written) => (isFragile(written) ? `"${marker}${written}"` : written));
}

/** A JSON text with other numbers. Strings are stepped over: a pattern overflows on long ones. */
export function rewriteNumbers(text: string, rewrite: (written: string) => string): string {
  const parts: string[] = [];
  const token = /["\d-]/g;
  let copied = 0;
  for (let found = token.exec(text); found; found = token.exec(text)) {
    if (found[0] === '"') {
      token.lastIndex = endOfString(text, found.index) + 1;
      continue;
    }
    numberToken.lastIndex = found.index;
    const written = numberToken.exec(text)?.[0] ?? found[0];
    token.lastIndex = found.index + written.length;
    const rewritten = rewrite(written);
    if (rewritten === written) continue;
    parts.push(text.slice(copied, found.index), rewritten);
    copied = token.lastIndex;
  }
  return parts.join('') + text.slice(copied);
}

const numberToken = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

/** The JSON text of a value that {@link parseJson} made. */
export function writeJson(value: unknown, exact: boolean): string {
  const text = JSON.stringify(value);
  return exact ? unmarkText(text) : text;
}

/** The same for a value that nests so deep that `JSON.stringify` would overflow the stack. */
export function writeDeepJson(value: unknown): string {
  const number = (_key: string, member: unknown) => (member instanceof ExactNumber ? member.text : undefined);
  return stringifyDeep(value, null, undefined, number, { maxDepth: Number.MAX_SAFE_INTEGER, skipToJSON: true });
}

/** Puts numbers back into a text in which they are marked strings. */
export function unmarkText(text: string): string {
  return text.includes(marker) ? text.replaceAll(new RegExp(`"${marker}([^"]*)"`, 'g'), '$1') : text;
}

/** Turns marked strings into numbers, without recursion. */
export function unmarkValue(value: unknown): unknown {
  const root = { value };
  const containers: object[] = [root];
  for (let container = containers.pop(); container; container = containers.pop()) {
    for (const [key, member] of Object.entries(container)) {
      // JSON.parse would not have taken the number.
      if (key.startsWith(marker)) throw new SyntaxError(`found the number ${key.slice(marker.length)}, expected a key`);
      if (typeof member === 'string' && member.startsWith(marker)) {
        const number = new ExactNumber(member.slice(marker.length));
        // Defined, not assigned: a key may be `__proto__`.
        Object.defineProperty(container, key, { value: number, writable: true, enumerable: true, configurable: true });
      } else if (isContainer(member)) containers.push(member);
    }
  }
  return root.value;
}

/** Whether `JSON.parse` would change a number. Strings are stepped over, which takes a fifth of the time of a pattern. */
function hasFragileNumber(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === 0x22) index = endOfString(text, index);
    else if (isDigit(code)) {
      let end = index + 1;
      let hasExponent = false;
      for (; end < text.length; end++) {
        const next = text.charCodeAt(end);
        // e and E
        if ((next | 0x20) === 0x65) hasExponent = true;
        // plus, minus and point
        else if (!isDigit(next) && next !== 0x2b && next !== 0x2d && next !== 0x2e) break;
      }
      // Its sign is left out: it is never what changes.
      if ((hasExponent || end - index >= safeLength) && isFragile(text.slice(index, end))) return true;
      index = end - 1;
    }
  }
  return false;
}

/** Whether a number would be written otherwise: a quick test before {@link markDigits}. */
function hasRewrittenNumber(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === 0x22) index = endOfString(text, index);
    else if (isDigit(code)) {
      const start = text.charCodeAt(index - 1) === 0x2d ? index - 1 : index;
      let isPlain = code !== 0x30;
      let end = index + 1;
      for (let next = text.charCodeAt(end); isDigit(next) || partsOfNumbers.has(next); next = text.charCodeAt(++end)) {
        isPlain &&= isDigit(next);
      }
      if ((!isPlain || end - start >= safeLength) && isRewritten(text.slice(start, end))) return true;
      index = end - 1;
    }
  }
  return false;
}

/** Signs, point and exponents. */
const partsOfNumbers: ReadonlySet<number> = new Set([0x2b, 0x2d, 0x2e, 0x45, 0x65]);

/** A number without exponent that is shorter is never changed. */
const safeLength = 16;

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function isFragile(number: string): boolean {
  if (number.length < safeLength && !/[eE]/.test(number)) return false;
  const printed = String(Number(number));
  // 1000000000000000000000 would print as 1e+21: the same value, but an id keeps its digits.
  if (printed.includes('e') && !/[eE]/.test(number)) return true;
  return new ExactNumber(number).isExtreme || decimalOf(number) !== decimalOf(printed);
}

/** Sign, significant digits and power of ten, so that equal values have equal text. */
export function decimalOf(number: string): string {
  const [mantissa = '', exponent = '0'] = number.toLowerCase().split('e');
  const negative = mantissa.startsWith('-');
  const [whole = '', fraction = ''] = mantissa.replace(/^[+-]/, '').split('.');
  const digits = (whole + fraction).replace(/^0+/, '');
  const significant = withoutEndingZeros(digits);
  if (significant === '') return '0';
  return `${negative ? '-' : ''}${significant}e${Number(exponent) - fraction.length + digits.length - significant.length}`;
}

/** A regular expression would look at each run of zeros from each of its places. */
function withoutEndingZeros(digits: string): string {
  let end = digits.length;
  while (end > 0 && digits.charCodeAt(end - 1) === 0x30) end--;
  return digits.slice(0, end);
}

/** Whether arrays and objects in the JSON text nest deeper than `limit`. */
export function isTextDeeperThan(text: string, limit: number): boolean {
  if (text.length <= limit * 2) return false;
  let depth = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === 0x22) {
      index = endOfString(text, index);
    } else if (code === 0x5b || code === 0x7b) {
      if (++depth > limit) return true;
    } else if (code === 0x5d || code === 0x7d) depth--;
  }
  return false;
}

/**
 * Whether a JSON text has more than this many members of arrays and objects in memory; an array or object weighs as much as three
 * of them. Text of the same length may be a few strings, or twenty times as large in memory.
 */
export function isHeavyJson(text: string, limit: number): boolean {
  if (text.length <= limit) return false;
  let weight = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === 0x22) index = endOfString(text, index);
    else if (code === 0x2c) weight++;
    else if (code === 0x5b || code === 0x7b) weight += 3;
    if (weight > limit) return true;
  }
  return false;
}

function endOfString(text: string, quote: number): number {
  let end = text.indexOf('"', quote + 1);
  while (end !== -1) {
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === 0x5c) backslashes++;
    if (backslashes % 2 === 0) return end;
    end = text.indexOf('"', end + 1);
  }
  return text.length;
}

/** Whether a value nests deeper than `limit`. Does not recurse. */
export function isValueDeeperThan(value: unknown, limit: number): boolean {
  let level = [value].filter(isContainer);
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > limit) return true;
    level = level.flatMap((container) => Object.values(container)).filter(isContainer);
  }
  return false;
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !(value instanceof ExactNumber);
}

/** Whether a number of the value is {@link ExactNumber.isExtreme}. Call it on values of bounded depth. */
export function holdsExtremeNumber(value: unknown): boolean {
  if (value instanceof ExactNumber) return value.isExtreme;
  return isContainer(value) && Object.values(value).some(holdsExtremeNumber);
}

/** The same as {@link parseJson}; null if the text is not JSON. */
export function jsonOrNull(text: string): ParsedJson | null {
  try {
    return parseJson(text);
  } catch {
    return null;
  }
}

/** Whether a value is an object with keys: no list, and no exact number. */
export function isJsonObject(value: unknown): value is Record<string, unknown> {
  return isContainer(value) && !Array.isArray(value);
}
