import { createRequire } from 'node:module';
import { normalizeEncoding } from '@exodus/bytes/encoding-lite.js';
import type * as olderCharsets from 'iconv-lite';

const require = createRequire(import.meta.url);

/**
 * The name of the charset that a label stands for: by the Encoding Standard, else by the older names that iconv-lite knows. Null if
 * no one knows it.
 */
export function charsetName(label: string): string | null {
  const trimmed = label.trim().toLowerCase();
  // `latin-1` and `utf_8` are the charsets whose labels are written otherwise.
  const standard = standardCharset(trimmed) ?? standardCharset(trimmed.replaceAll(/[^a-z0-9]/g, ''));
  return standard ?? (isOlderCharset(trimmed) ? trimmed : null);
}

/** The tables are loaded where a label needs them. */
function isOlderCharset(label: string): boolean {
  const { encodingExists } = require('iconv-lite') as typeof olderCharsets;
  return encodingExists(label);
}

/** The same by the Encoding Standard alone. */
export function standardCharset(label: string): string | null {
  const name = normalizeEncoding(label);
  // A name for charsets that browsers refuse to read.
  return name === 'replacement' ? null : name;
}

/** Whether a label names a charset that can be read. */
export function isCharset(label: string): boolean {
  return charsetName(label) !== null;
}
