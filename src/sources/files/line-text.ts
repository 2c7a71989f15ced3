import { TextDecoder } from 'node:util';
import { decode, encode } from 'iconv-lite';
import { isStandardCharset } from '../../domain/charset-name.ts';
import { decodeWindows1252 } from '../../domain/windows-1252.ts';

/** How lines are written. */
export interface LineText {
  /** What ends a line, as it stands in the file. Its length is that of a code unit: it counts only at a multiple of it. */
  readonly newline: Buffer;
  readonly decode: (bytes: Buffer) => string;
}

export const utf8Lines: LineText = { newline: Buffer.from('\n'), decode: (bytes) => bytes.toString() };

/**
 * Lines in a charset that {@link isCharset}: by the names that browsers know, else by a table of older ones. A line is
 * decoded on its own: charsets that shift do so within a line.
 */
export function linesIn(charset: string, newline: '\n' | '\r'): LineText {
  if (!isStandardCharset(charset)) {
    return {
      newline: encode(newline, charset, { addBOM: false }),
      decode: (bytes) => decode(bytes, charset, { stripBOM: false }),
    };
  }
  const decoder = new TextDecoder(charset, { ignoreBOM: true });
  if (decoder.encoding === 'utf-8') return { newline: Buffer.from(newline), decode: utf8Lines.decode };
  if (decoder.encoding === 'windows-1252') return { newline: Buffer.from(newline), decode: decodeWindows1252 };
  const wide = decoder.encoding.startsWith('utf-16') ? decoder.encoding : 'latin1';
  return { newline: encode(newline, wide), decode: (bytes) => decoder.decode(bytes) };
}

/** The charset that a byte order mark names, and the bytes that it takes. */
export function byteOrderMark(head: Buffer): { readonly charset: string; readonly bytes: number } | null {
  return marks.find(({ mark }) => head.subarray(0, mark.length).equals(mark)) ?? null;
}

/** The longer ones first: two of them begin alike. */
const marks = [
  { charset: 'utf-8', mark: [0xef, 0xbb, 0xbf] },
  { charset: 'utf-32le', mark: [0xff, 0xfe, 0, 0] },
  { charset: 'utf-32be', mark: [0, 0, 0xfe, 0xff] },
  { charset: 'utf-16le', mark: [0xff, 0xfe] },
  { charset: 'utf-16be', mark: [0xfe, 0xff] },
].map(({ charset, mark }) => ({ charset, mark: Buffer.from(mark), bytes: mark.length }));
