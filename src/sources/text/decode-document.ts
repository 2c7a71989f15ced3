import { isAscii, isUtf8 } from 'node:buffer';
import { badByte, countBadBytes, countOtherCharacters } from '../../domain/text/bad-bytes.ts';
import { charsetName } from '../../formats/charset-name.ts';
import type { Warning } from '../../domain/run/warning.ts';
import { badBytesWarning } from './bad-bytes-warning.ts';
import { byteOrderMark, wideCharset } from './byte-order.ts';
import { declaredCharsets, type DeclaredCharset, type DocumentKind } from './declared-charset.ts';
import { decoderOf } from './decoder.ts';
import { guessCharset } from './guess-charset.ts';

export interface DocumentToDecode {
  readonly kind: DocumentKind;
  readonly body: Buffer;
  readonly contentType: string | undefined;
  /** What the configuration says; null = nothing. */
  readonly encoding: string | null;
}

export interface DecodedDocument {
  /** Without byte order mark. Undecodable bytes are {@link badByte}. */
  readonly text: string;
  readonly warnings: readonly Warning[];
}

/** So many characters of UTF-8 are no accident, whatever charset is declared; those of three bytes count twice. */
const surelyUtf8 = 8;
/** So many and no other bytes in a charset of single bytes, whose letters are usually adjacent. */
const likelyUtf8 = 3;

/**
 * The text of a document, in the charset that the first of these names:
 * 1. its byte order mark;
 * 2. `encoding` of the configuration;
 * 3. zeros beside its first character: UTF-16 or UTF-32;
 * 4. its bytes, where they are UTF-8 (see {@link isMeantAsUtf8});
 * 5. what it declares, where that fits its bytes: `Content-Type`, `<meta>`, XML prolog;
 * 6. for XML and HTML windows-1252, as browsers have it; for others UTF-8.
 */
export function decodeDocument(document: DocumentToDecode): DecodedDocument {
  const { kind, body, contentType } = document;
  const mark = byteOrderMark(body);
  if (mark) return withoutMark(decodeAs(mark.charset, body.subarray(mark.bytes)));
  const known = (document.encoding === null ? null : charsetName(document.encoding)) ?? wideCharset(body);
  if (known !== null) return decodeAs(known, body);
  const declared = declaredCharsets(kind, body, contentType);
  const [first] = declared;
  // Nearly all documents are read here.
  if ((!first || first.charset === 'utf-8') && isUtf8(body)) return plain(body.toString());
  if (!first && kind === 'json') return decodeAs('utf-8', body);
  if (isAscii(body) && !declared.some(({ charset }) => shifting.test(charset))) return plain(body.toString('latin1'));
  return decodeByRules(kind, body, declared);
}

/** Charsets in which bytes that look like ASCII may stand for something else. */
const shifting = /^(?:iso-2022|utf-?(?:7|16|32)|ucs|cp0|cp1[01]|ebcdic)/;
/** Those that have no other bytes. */
const sevenBit = /^(?:iso-2022|utf-?7)/;
/** What is declared by default, or by habit; and charsets of Latin letters, which are scattered between those of ASCII. */
const latin = /^(?:windows-125[02478]|iso-8859-(?:[2349]|1[03456])|x-user-defined)$/;
const multiByte = /^(?:gb|big5|euc|shift_jis|cp9|ms9|ksc|windows-9)/;

function decodeByRules(kind: DocumentKind, body: Buffer, declared: readonly DeclaredCharset[]): DecodedDocument {
  const [first] = declared;
  const utf8 = measured('utf-8', body);
  const taken = isMeantAsUtf8(first, utf8, body)
    ? utf8
    : (fitting(declared, body) ?? fallback(kind, first, body, utf8));
  if (!first || first.charset === taken.charset) return { text: taken.text, warnings: warningsOf(taken, body) };
  const message = `${first.from} declares ${first.charset}, but the bytes are not: read as ${taken.charset}`;
  return { text: taken.text, warnings: [{ code: 'charset_overruled', message, count: 1 }, ...warningsOf(taken, body)] };
}

/**
 * Whether bytes are UTF-8, a few broken ones aside. Where nothing else is declared, at least as many characters must be whole as
 * are broken; against Latin letters or ASCII more than twice as many, because such characters do not occur in those; against any
 * other charset there must be some of them, too.
 */
function isMeantAsUtf8(first: DeclaredCharset | undefined, { text, others, ...utf8 }: Measured, body: Buffer): boolean {
  const bad = utf8.bad > others / 2 ? utf8.bad - 2 * surrogates(body) : utf8.bad;
  if (!first || first.charset === 'utf-8') return others >= bad;
  const { charset } = first;
  if (shifting.test(charset) && !sevenBit.test(charset)) return false;
  if (others <= 2 * bad) return false;
  if (first.isAscii || latin.test(charset) || sevenBit.test(charset)) return true;
  const weight = others + (text.match(ofThreeBytes)?.length ?? 0);
  return weight >= surelyUtf8 || (weight >= likelyUtf8 && bad === 0 && !multiByte.test(charset));
}

/** Halves of pairs that some programs write in three bytes, each of which is a bad one. */
function surrogates(body: Buffer): number {
  return body.toString('latin1').match(/\xed[\xa0-\xbf][\x80-\xbf]/g)?.length ?? 0;
}

const ofThreeBytes = /[\u0800-\udbff\ue000-\uffff]/g;

/** The first declared charset in which at most a fifth of what is not ASCII is broken. */
function fitting(declared: readonly DeclaredCharset[], body: Buffer): Measured | null {
  for (const { charset, isAscii: isNone } of declared) {
    if (isNone) continue;
    const read = measured(charset, body);
    if (charset !== 'utf-8' && read.bad * 4 <= read.others) return read;
  }
  return null;
}

function fallback(kind: DocumentKind, first: DeclaredCharset | undefined, body: Buffer, utf8: Measured): Measured {
  const isObeyed = kind === 'json' || (kind === 'html' && first?.from === 'Content-Type');
  if (!isObeyed) return measured('windows-1252', body);
  return first ? measured(first.charset, body) : utf8;
}

/** A text with how much of it is broken. */
interface Measured {
  readonly charset: string;
  readonly text: string;
  /** Undecodable sequences of bytes. */
  readonly bad: number;
  /** Characters that are not ASCII. */
  readonly others: number;
}

function measured(charset: string, body: Buffer): Measured {
  const text = decoderOf(charset)(body);
  return { charset, text, bad: countBadBytes(text), others: countOtherCharacters(text) };
}

function decodeAs(charset: string, body: Buffer): DecodedDocument {
  const text = decoderOf(charset)(body);
  return countBadBytes(text) === 0 ? plain(text) : { text, warnings: warningsOf(measured(charset, body), body) };
}

/** Files that were put together may have several marks. */
function withoutMark({ text, warnings }: DecodedDocument): DecodedDocument {
  return { text: text.replace(/^\ufeff+/, ''), warnings };
}

function plain(text: string): DecodedDocument {
  return { text, warnings: [] };
}

function warningsOf({ charset, bad, others }: Measured, body: Buffer): Warning[] {
  if (bad === 0) return [];
  const isMostly = bad > others;
  const guess = isMostly && charset === 'utf-8' ? guessCharset(body) : null;
  return [badBytesWarning(bad, charset, isMostly ? (guess ?? 'unknown') : null)];
}

/** The text of a body of any kind, for those that look at it themselves: undecodable bytes are U+FFFD. */
export function decodeText(body: Buffer, contentType: string | undefined, encoding: string | null): string {
  const kind = /^\s*</.test(body.toString('latin1', 0, 256)) ? 'html' : 'json';
  const { text } = decodeDocument({ kind, body, contentType, encoding });
  return text.includes(badByte) ? text.toWellFormed() : text;
}
