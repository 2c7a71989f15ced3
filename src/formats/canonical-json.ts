import { decimalOf, ExactNumber, isTextDeeperThan, parseJson } from './exact-json.ts';

/** Deeper text is of no source of ours, and would overflow the stack. */
const maxDepth = 1_000;

/**
 * A text that two JSON texts share just where PostgreSQL says `a::jsonb = b::jsonb`: the order of keys, repeated keys and the
 * notation of numbers do not matter. What is not JSON stands for itself.
 */
export function canonicalJson(text: string): string {
  if (isTextDeeperThan(text, maxDepth)) return `deep ${text}`;
  try {
    return write(parseJson(text).value);
  } catch {
    return `no JSON ${text}`;
  }
}

function write(value: unknown): string {
  if (value instanceof ExactNumber) return decimalOf(value.text);
  if (typeof value === 'number') return decimalOf(String(value));
  if (Array.isArray(value)) return `[${value.map(write).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([key, member]) => `${JSON.stringify(key)}:${write(member)}`);
  return `{${members.sort().join()}}`;
}
