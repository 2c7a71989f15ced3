import { charsetName } from '../../formats/charset-name.ts';
import { metaCharsets } from './meta-charsets.ts';

/** The charset that a document declares. */
export interface DeclaredCharset {
  /** Where it says so, for messages. */
  readonly from: 'Content-Type' | 'the XML prolog' | 'a meta element';
  /** Its name, see `charsetName`. */
  readonly charset: string;
  /** It says ASCII, which other bytes are not: then it says nothing of them. */
  readonly isAscii: boolean;
}

export type DocumentKind = 'json' | 'xml' | 'html';

/** How much of a page is searched for a `<meta>`: browsers take one that comes late, too. */
const maxHead = 512 * 1024;
const wide = /^(?:utf-?16|utf-?32|ucs|iso-10646)/;
/** Names of ASCII; browsers read them as windows-1252. */
const ascii = /^(?:us-?)?ascii$|^ansi_x3\.4|^iso-?_?646|^iso-ir-6$|^(?:cp|ibm)367$/i;
/** What the library can read, and what is not a charset: `binary` means unknown. */
const noCharset = /^(?:binary|base64|hex)$/i;

/** The charsets that a document and its header name, the first one first. Unknown names count as none. */
export function declaredCharsets(
  kind: DocumentKind,
  body: Buffer,
  contentType: string | undefined,
): readonly DeclaredCharset[] {
  const header = headerLabel(contentType);
  const meta = kind === 'html' ? metaLabel(body) : undefined;
  const prolog = kind === 'json' ? undefined : prologLabel(kind, body);
  return [
    ...declared('Content-Type', header, header !== undefined && body.subarray(0, 4096).includes(0)),
    ...declared('a meta element', meta === 'x-user-defined' ? 'windows-1252' : meta),
    ...declared('the XML prolog', prolog),
  ];
}

/** @param mayBeWide without a zero no text of more than a few letters is UTF-16; nor is what could be read as ASCII */
function declared(from: DeclaredCharset['from'], label: string | undefined, mayBeWide = false): DeclaredCharset[] {
  const charset = label === undefined ? null : knownCharset(label);
  if (label === undefined || charset === null) return [];
  return [{ from, charset: wide.test(charset) && !mayBeWide ? 'utf-8' : charset, isAscii: ascii.test(label.trim()) }];
}

function knownCharset(label: string): string | null {
  return noCharset.test(label.trim()) ? null : charsetName(label);
}

function headerLabel(contentType: string | undefined): string | undefined {
  return /charset\s*=\s*["']?([^\s;"',]+)/i.exec(contentType ?? '')?.[1];
}

/** The first known one that a `<meta>` names. */
function metaLabel(body: Buffer): string | undefined {
  const head = body.toString('latin1', 0, Math.min(body.length, maxHead));
  for (const label of metaCharsets(head)) if (knownCharset(label) !== null) return label.trim().toLowerCase();
  return undefined;
}

/** Some servers write a warning before the document. */
function prologLabel(kind: DocumentKind, body: Buffer): string | undefined {
  const start = kind === 'xml' ? '' : '^\\s*';
  const prolog = new RegExp(`${start}<\\?xml\\s[^>]*?encoding\\s*=\\s*["']?([^"'\\s?>]+)`, 'i');
  return prolog.exec(body.toString('latin1', 0, 2048))?.[1];
}
