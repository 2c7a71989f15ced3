import { formatMicros, parseIso8601, readDigits } from './timestamp.ts';

/** The last day that was found to exist: records follow each other in time. */
let knownDay = '';

/** A time in canonical form (see {@link formatMicros}), whatever ISO 8601 form it has; null if it has none, or does not exist. */
export function canonicalTime(text: string): string | null {
  if (microsOfDay(text) !== null) return text;
  const time = parseIso8601(text);
  return time.ok ? formatMicros(time.micros) : null;
}

/** Microseconds since midnight of a time in canonical form; null for any other text. Reads no more than the clock in most cases. */
export function microsOfDay(text: string): number | null {
  if (text.length !== 27 || text[10] !== 'T' || text[13] !== ':' || text[16] !== ':' || text[19] !== '.') return null;
  if (text[26] !== 'Z') return null;
  const [hour, minute, second] = [readDigits(text, 11, 13), readDigits(text, 14, 16), readDigits(text, 17, 19)];
  const micros = readDigits(text, 20, 26);
  // NaN is not above anything.
  if (!(hour <= 23 && minute <= 59 && second <= 59 && micros >= 0)) return null;
  if (!text.startsWith(knownDay) || knownDay === '') {
    const time = parseIso8601(text);
    if (!time.ok || formatMicros(time.micros) !== text) return null;
    knownDay = text.slice(0, 11);
  }
  return ((hour * 60 + minute) * 60 + second) * 1_000_000 + micros;
}
