import { sha256 } from './sha256.ts';

/** What tells the content of one JSON Schema from that of another. */
export function schemaHash(text: string): string {
  return sha256(text).slice(0, 16);
}
