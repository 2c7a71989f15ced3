import { byteOrderMark } from '../text/byte-order.ts';

/** How much of a file's beginning is looked at. */
export const charsetBytes = 4096;

/** The charset of a file's text, and the bytes of its byte order mark. */
export interface TextCharset {
  readonly charset: string;
  readonly markBytes: number;
}

/** The charset of a text: by its byte order mark, else as configured, else by its zeros, else UTF-8. */
export function charsetOf(head: Buffer, configured: string | null): TextCharset {
  const mark = byteOrderMark(head);
  if (mark) return { charset: mark.charset, markBytes: mark.bytes };
  return { charset: configured ?? wideCharset(head) ?? 'utf-8', markBytes: 0 };
}

/** UTF-16 or UTF-32, if the zeros are where ASCII letters have them; null for any other. */
export function wideCharset(head: Buffer): string | null {
  const zeros = [0, 0, 0, 0];
  const bytes = Math.min(head.length, charsetBytes);
  for (let at = 0; at < bytes; at++) if (head[at] === 0) zeros[at % 4] = (zeros[at % 4] ?? 0) + 1;
  const [a = 0, b = 0, c = 0, d = 0] = zeros;
  const units = Math.floor(bytes / 4);
  if (units === 0) return null;
  // A letter of two bytes may have its own zero; a stray zero makes no UTF-16.
  const isMuch = (count: number, other: number) => count >= 4 && count * 2 >= units && count > other * 8;
  if (c >= units && d >= units && a * 8 < units) return 'utf-32le';
  if (a >= units && b >= units && d * 8 < units) return 'utf-32be';
  if (isMuch(b + d, a + c)) return 'utf-16le';
  return isMuch(a + c, b + d) ? 'utf-16be' : null;
}
