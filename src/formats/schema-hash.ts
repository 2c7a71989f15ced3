import { createHash } from 'node:crypto';

/** What tells the content of one JSON Schema from that of another. */
export function schemaHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
