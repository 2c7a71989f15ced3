import { parseJson, type ExactNumber } from '../../formats/exact-json.ts';

/** A longer text is not a number. */
const longest = 100;

const sign = '[-+\\u2212\\u2013]';
/** Currencies as shops write them, besides symbols and ISO 4217 codes. */
const abbreviations =
  'kr\\.?|Kr\\.?|zł|Kč|Ft|lei|лв\\.?|руб\\.?|р\\.|грн\\.?|тг|ден|din\\.?|TL|Rs\\.?|S?Fr\\.?|RM?|Rp|S/\\.?|KM|元|円|원';
const currency = `(?:[A-Z]{0,3}\\p{Sc}|${Intl.supportedValuesOf('currency').join('|')}|${abbreviations})`;
const written = new RegExp(
  `^(${sign})?\\s*(?:${currency}|%)?\\s*(${sign})?\\s*([\\d.,' ]*\\d)(?:[.,][-\\u2013\\u2014]{1,2})?\\s*(?:${currency}|%)?$`,
  'u',
);

/**
 * Reads a number as people write them: with a sign, a currency or `%` before or after it, and digits in groups; `5,-` is 5. Null if
 * the text holds anything else, so that nothing is guessed: `3.5k`, `10–20` and `22 available` are not numbers.
 *
 * Of two kinds of separator the last one is the decimal point; a repeated one separates groups of three (or as in India). A single
 * point is a decimal point: `1.234` is 1.234. A single comma is one, too (`51,77`), unless exactly three digits follow it and one
 * to three, the first no zero, are before it: `1,234` is 1234.
 */
export function readNumber(text: string): number | ExactNumber | null {
  const trimmed = text.trim();
  if (trimmed.length === 0 || trimmed.length > longest) return null;
  if (/^[-+]?(?:\d+(?:\.\d*)?|\.\d+)e[-+]?\d{1,3}$/i.test(trimmed)) {
    const value = Number(trimmed);
    return Number.isFinite(value) ? value : null;
  }
  const match = written.exec(trimmed.replaceAll(/\s/g, ' ').replaceAll(/[\u2019\u02bc]/g, "'"));
  if (!match) return null;
  const [, before, after, digits = ''] = match;
  if (before !== undefined && after !== undefined) return null;
  const decimal = plainDecimal(digits);
  if (decimal === null) return null;
  const negative = (before ?? after ?? '+') !== '+';
  const whole = decimal.replace(/^0+(?=\d)/, '').replace(/^\./, '0.');
  return parseJson(`${negative ? '-' : ''}${whole}`).value as number | ExactNumber;
}

/** Digits with at most one point; null if their separators make no sense. */
function plainDecimal(digits: string): string | null {
  const spaced = /^[1-9]\d{0,2}(?:( \d{3})+|('\d{3})+)(?:[.,]\d+)?$/;
  if (/[ ']/.test(digits)) return spaced.test(digits) ? digits.replaceAll(/[ ']/g, '').replace(',', '.') : null;
  const points = digits.split('.').length - 1;
  const commas = digits.split(',').length - 1;
  if (points > 0 && commas > 0) {
    if (/^[1-9]\d{0,2}(?:\.\d{3})+,\d+$/.test(digits)) return digits.replaceAll('.', '').replace(',', '.');
    return /^[1-9]\d{0,2}(?:,\d{3})+\.\d+$/.test(digits) || /^[1-9]\d?(?:,\d{2})*,\d{3}\.\d+$/.test(digits)
      ? digits.replaceAll(',', '')
      : null;
  }
  if (points > 1) return /^[1-9]\d{0,2}(?:\.\d{3})+$/.test(digits) ? digits.replaceAll('.', '') : null;
  if (/^[1-9]\d{0,2}(?:,\d{3})+$/.test(digits) || /^[1-9]\d?(?:,\d{2})+,\d{3}$/.test(digits)) {
    return digits.replaceAll(',', '');
  }
  return commas > 1 || !/^\d*[.,]?\d+$/.test(digits) ? null : digits.replace(',', '.');
}
