import { encode } from 'iconv-lite';
import { charsetName, standardCharset } from '../../formats/charset-name.ts';
import { decoderOf, type Decoder } from '../text/decoder.ts';

/** How lines are written. */
export interface LineText {
  /** What ends a line, as bytes of the file. Its length is that of a code unit: it counts only at a multiple of it. */
  readonly newline: Buffer;
  readonly decode: Decoder;
}

export const utf8Lines: LineText = { newline: Buffer.from('\n'), decode: decoderOf('utf-8') };

/** Lines in a charset that `isCharset`. A line is decoded on its own: charsets that shift do so within a line. */
export function linesIn(label: string, newline: '\n' | '\r'): LineText {
  const charset = charsetName(label) ?? 'utf-8';
  const isOneByte = standardCharset(charset) !== null && !charset.startsWith('utf-16');
  return {
    newline: isOneByte ? Buffer.from(newline) : encode(newline, charset, { addBOM: false }),
    decode: decoderOf(charset),
  };
}
