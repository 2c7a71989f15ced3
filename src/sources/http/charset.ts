import { TextDecoder } from 'node:util';
import { decode as decodeByTable, encodingExists } from 'iconv-lite';
import { isCharset, isStandardCharset } from '../../domain/charset-name.ts';
import { decodeWindows1252 } from '../../domain/windows-1252.ts';

/** The text of a body: charset from its byte order mark, else from `Content-Type`, else UTF-8. */
export function decodeText(body: Buffer, contentType: string | undefined): string {
  return decodeAs(body, byteOrderMark(body) ?? headerCharset(contentType) ?? 'utf-8');
}

/**
 * The text of an XML document: charset from its byte order mark or the zeros between its first letters, else from
 * `Content-Type`, else from its prolog, else UTF-8. Where a charset turns out wrong, the next one is tried; at last
 * windows-1252, which knows every byte.
 */
export function decodeXml(body: Buffer, contentType: string | undefined): string {
  const sure = byteOrderMark(body) ?? wideCharset(body);
  if (sure !== null) return decodeAs(body, sure);
  const declared = [headerCharset(contentType), prologCharset(body), 'utf-8', 'windows-1252'];
  return decodeFirst(body, declared);
}

/** The text of a page: charset as browsers find it: byte order mark, `Content-Type`, `<meta>` in its first 1,024 bytes. */
export function decodeHtml(body: Buffer, contentType: string | undefined): string {
  const sure = byteOrderMark(body);
  if (sure !== null) return decodeAs(body, sure);
  const header = headerCharset(contentType);
  if (header !== null && isCharset(header)) return decodeAs(body, header);
  return decodeFirst(body, [metaCharset(body), 'utf-8', 'windows-1252']);
}

/** The first charset in which every byte has a meaning. */
function decodeFirst(body: Buffer, labels: readonly (string | null)[]): string {
  for (const label of labels) {
    if (label === null || !isCharset(label)) continue;
    const text = decodeAs(body, label);
    if (!text.includes('\ufffd')) return text;
  }
  return decodeAs(body, labels.find((label) => label !== null && isCharset(label)) ?? 'utf-8');
}

function headerCharset(contentType: string | undefined): string | null {
  return /charset\s*=\s*["']?([^\s;"',]+)/i.exec(contentType ?? '')?.[1] ?? null;
}

function prologCharset(body: Buffer): string | null {
  const prolog = /^\s*<\?xml[^>]*?encoding\s*=\s*["']([^"']+)["']/i.exec(body.subarray(0, 512).toString('latin1'));
  // What could be read as ASCII is no UTF-16, whatever it says.
  const label = prolog?.[1] ?? null;
  return label !== null && /^(?:utf-?16|utf-?32|ucs|iso-10646)/i.test(label) ? 'utf-8' : label;
}

function metaCharset(body: Buffer): string | null {
  const head = body.subarray(0, 1024).toString('latin1');
  const label = /<meta[^>]+charset\s*=\s*["']?\s*([^\s"'/>;]+)/i.exec(head)?.[1] ?? null;
  return label !== null && /^utf-?16/i.test(label) ? 'utf-8' : label;
}

function byteOrderMark(body: Buffer): string | null {
  if (body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf) return 'utf-8';
  if (body[0] === 0xff && body[1] === 0xfe) return body[2] === 0 && body[3] === 0 ? 'utf-32le' : 'utf-16le';
  if (body[0] === 0xfe && body[1] === 0xff) return 'utf-16be';
  return body[0] === 0 && body[1] === 0 && body[2] === 0xfe && body[3] === 0xff ? 'utf-32be' : null;
}

/** Two or four bytes a character, by where the zeros of the first `<` stand. */
function wideCharset(body: Buffer): string | null {
  const [a, b, c, d] = body;
  if (a === 0x3c && b === 0) return c === 0 && d === 0 ? 'utf-32le' : 'utf-16le';
  if (a === 0 && b === 0x3c) return 'utf-16be';
  return a === 0 && b === 0 && c === 0 && d === 0x3c ? 'utf-32be' : null;
}

/** By the names that browsers know; else by a table of older ones. A charset that nobody knows is read as UTF-8. */
function decodeAs(body: Buffer, label: string): string {
  if (!isStandardCharset(label)) {
    return encodingExists(label) ? decodeByTable(body, label) : new TextDecoder().decode(body);
  }
  const decoder = new TextDecoder(label);
  return decoder.encoding === 'windows-1252' ? decodeWindows1252(body) : decoder.decode(body);
}
