import { sha256 } from '../../formats/sha256.ts';

/** A hash of a value. The order of keys does not matter: moving a line of the file changes nothing. */
export function fingerprint(value: object): string {
  return sha256(JSON.stringify(sortKeys(value))).slice(0, 16);
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, member]) => [key, sortKeys(member)]));
}
