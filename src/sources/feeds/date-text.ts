import { daysOfWeek } from './iso-week.ts';

/** The digits of scripts that do not write them as ASCII, by their zero. */
const zeros = [0x660, 0x6f0, 0x966, 0x9e6, 0xe50, 0xff10];
const otherDigit = /[\u0660-\u0669\u06f0-\u06f9\u0966-\u096f\u09e6-\u09ef\u0e50-\u0e59\uff10-\uff19]/g;

/** A month that is a number beside a word: `05 1월 2026`, `05 十二月 2026`, `5 tháng 1, 2026`, `05 Th1 2026`. */
const numbered =
  /^[^\d]{0,30}?(\d{1,2})\s+(?:(?:tháng|thg|th)\.?\s?(\d{1,2})|(\d{1,2})\s?[月월]|([一二三四五六七八九]|十[一二]?)月),?\s+(\d{4})(?!\d)/iu;
const signs = '一二三四五六七八九';

/** A time of a feed without what only makes it harder to read. */
export function plainDate(written: string): string {
  const text = written
    .trim()
    .normalize('NFC')
    .replaceAll(otherDigit, digitOf)
    .replace(/([+-]\d{2}:?\d{2})Z$/, '$1')
    .replace(/(\d:\d{2})\s0000$/, '$1 +0000')
    .replace(numbered, (_, day: string, a?: string, b?: string, sign?: string, year?: string) =>
      [year, a ?? b ?? monthOfSign(sign ?? ''), day].join('-'),
    );
  return daysOfWeek(text);
}

function digitOf(digit: string): string {
  const code = digit.charCodeAt(0);
  return String(code - (zeros.findLast((zero) => zero <= code) ?? code));
}

function monthOfSign(sign: string): number {
  return sign.startsWith('十') ? 11 + signs.indexOf(sign.slice(1) || '\0') : signs.indexOf(sign) + 1;
}
