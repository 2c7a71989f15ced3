import { createHmac } from 'node:crypto';
import { mask } from '../domain/secrets/redact.ts';
import type { MaskKind } from '../domain/plan/shaping-plan.ts';
import { ExactNumber } from './exact-json.ts';

const hashed = /^hmac:[0-9a-f]{32}$/;

/** Whether a value may be what a mask left. */
export function isMasked(value: unknown): boolean {
  return value === mask || (typeof value === 'string' && hashed.test(value));
}

/** Makes the function that masks a value. `null` stays: that there is none is no secret. */
export function createMask(kind: MaskKind, key: string): (value: unknown) => unknown {
  if (kind === 'redact') return (value) => (value === null || value === undefined ? null : mask);
  // A hash with a key that anyone can guess would hide nothing.
  if (key === '' || key.startsWith('${env:')) throw new TypeError('mask: the key of the hashes is not filled in');
  return (value) => {
    if (value === null || value === undefined) return null;
    const text = typeof value === 'string' ? value : sortedJson(value);
    return `hmac:${createHmac('sha256', key).update(text).digest('hex').slice(0, 32)}`;
  };
}

/** JSON with the keys of objects in order and without blanks; numbers as they were written. */
function sortedJson(value: unknown): string {
  if (value instanceof ExactNumber) return value.text;
  if (Array.isArray(value)) return `[${value.map(sortedJson).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${sortedJson(member)}`).join()}}`;
}
