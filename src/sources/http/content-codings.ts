import { standardCharset } from '../../formats/charset-name.ts';

/** What servers write into `Content-Encoding` for a body that is not encoded. */
const noCodings: ReadonlySet<string> = new Set([
  'identity',
  'none',
  'no',
  'off',
  'null',
  'undefined',
  'default',
  '*',
  'binary',
  'raw',
  'plain',
  'text',
  '7bit',
  '8bit',
  'chunked',
  'utf',
  'unicode',
]);

/**
 * The codings of a body, in the order in which they were applied. What is none, such as a charset or a media type, is left
 * out, as browsers do; an unknown name stays.
 */
export function contentCodings(header: string | undefined): readonly string[] {
  return (header ?? '')
    .toLowerCase()
    .replaceAll(/["']|;\s*q\s*=\s*[\d.]*/g, '')
    .split(/[,;\s]+/)
    .filter((coding) => coding !== '' && !isNone(coding));
}

function isNone(coding: string): boolean {
  return (
    noCodings.has(coding) || coding.includes('/') || coding.startsWith('charset=') || standardCharset(coding) !== null
  );
}
