import { isAscii } from 'node:buffer';
import { createRequire } from 'node:module';
import { TextDecoder } from 'node:util';
import type * as encodings from '@exodus/bytes/encoding.js';
import { decode } from 'iconv-lite';
import { badByte } from '../../domain/text/bad-bytes.ts';
import { standardCharset } from '../../formats/charset-name.ts';

/** Makes text of bytes; what means nothing in the charset becomes {@link badByte}. A byte order mark is not taken away. */
export type Decoder = (bytes: Buffer) => string;

const require = createRequire(import.meta.url);
const decoders = new Map<string, Decoder>();

/** The decoder of a charset, by its name (see `charsetName`). */
export function decoderOf(charset: string): Decoder {
  const decoder = decoders.get(charset) ?? makeDecoder(charset);
  decoders.set(charset, decoder);
  return decoder;
}

function makeDecoder(charset: string): Decoder {
  if (charset === 'utf-8') return decodeUtf8;
  if (charset === 'utf-16le') return decodeUtf16;
  if (charset === 'utf-16be') return (bytes) => decodeUtf16(swapped(bytes));
  if (standardCharset(charset) === null) return (bytes) => marked(decode(bytes, charset, { stripBOM: false }));
  if (singleByte.test(charset)) return singleByteDecoder(charset);
  const decoder = standardDecoder(charset);
  const decodeAll: Decoder = (bytes) => marked(decoder.decode(bytes));
  // It shifts by escapes that are ASCII.
  if (charset === 'iso-2022-jp') return decodeAll;
  return (bytes) => (isAscii(bytes) ? bytes.toString('latin1') : decodeAll(bytes));
}

/**
 * `TextDecoder` of Node.js lacks thousands of characters of euc-kr and big5, and differs by version in windows-1252. The one that
 * has them takes long to load, and most sources send UTF-8.
 */
function standardDecoder(charset: string): { decode(bytes: Uint8Array): string } {
  const { TextDecoder: StandardDecoder } = require('@exodus/bytes/encoding.js') as typeof encodings;
  return new StandardDecoder(charset, { ignoreBOM: true });
}

const singleByte = /^(?:ibm|iso-8859|koi8|macintosh|windows|x-mac|x-user)/;

function marked(text: string): string {
  return text.includes('\ufffd') ? text.replaceAll('\ufffd', badByte) : text;
}

function decodeUtf8(bytes: Buffer): string {
  const text = bytes.toString();
  return text.includes('\ufffd') ? markedUtf8(bytes) : text;
}

const genuine = Buffer.from('\ufffd');

/** A U+FFFD that the source wrote is three bytes of its own, which are never part of another character. */
function markedUtf8(bytes: Buffer): string {
  const parts: string[] = [];
  for (let start = 0; ;) {
    const found = bytes.indexOf(genuine, start);
    parts.push(marked(bytes.toString('utf8', start, found === -1 ? bytes.length : found)));
    if (found === -1) return parts.join('\ufffd');
    start = found + genuine.length;
  }
}

function decodeUtf16(bytes: Buffer): string {
  const whole = bytes.length - (bytes.length % 2);
  const text = bytes.toString('utf16le', 0, whole);
  const paired = text.isWellFormed() ? text : text.replace(/\p{Surrogate}/gu, badByte);
  return whole === bytes.length ? paired : paired + badByte;
}

function swapped(bytes: Buffer): Buffer {
  const whole = bytes.length - (bytes.length % 2);
  return Buffer.concat([Buffer.from(bytes.subarray(0, whole)).swap16(), bytes.subarray(whole)]);
}

/** By what is fastest for short lines: latin-1 and a few letters, the decoder of Node.js where it is right, else a table. */
function singleByteDecoder(charset: string): Decoder {
  const every = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  const letters = standardDecoder(charset).decode(every);
  if (charset === 'windows-1252') {
    const high = letters.slice(0x80, 0xa0);
    return (bytes) =>
      bytes.toString('latin1').replace(/[\x80-\x9f]/g, (letter) => high[letter.charCodeAt(0) - 0x80] ?? letter);
  }
  const native = nativeDecoder(charset);
  if (native?.decode(every) === letters) return (bytes) => marked(native.decode(bytes));
  const units = Uint16Array.from(marked(letters), (letter) => letter.charCodeAt(0));
  return (bytes) => {
    if (isAscii(bytes)) return bytes.toString('latin1');
    const text = new Uint16Array(bytes.length);
    for (let index = 0; index < bytes.length; index++) text[index] = units[bytes[index] ?? 0] ?? 0;
    return Buffer.from(text.buffer).toString('utf16le');
  };
}

/** Null if this Node.js has none for the charset. */
function nativeDecoder(charset: string): TextDecoder | null {
  try {
    return new TextDecoder(charset, { ignoreBOM: true });
  } catch {
    return null;
  }
}
