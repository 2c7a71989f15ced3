import { sha256 } from './sha256.ts';

/**
 * A file name for an id that users choose (`../..` is one): characters outside `[A-Za-z0-9_-]` percent-encoded; the
 * sha256 of the id where that is over 100 bytes.
 */
export function pathSegment(id: string): string {
  const encoded = [...Buffer.from(id)]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      return /[A-Za-z0-9_-]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');
  return encoded.length > 100 ? sha256(id) : encoded;
}
