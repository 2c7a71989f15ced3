import { sha256 } from './sha256.ts';
import { ExactNumber } from './exact-json.ts';
import type { Rejection } from '../domain/dead-letters/rejection.ts';

/** Longest id, in bytes of UTF-8. */
const maxIdBytes = 1024;

export type IdResult =
  { readonly ok: true; readonly id: string } | { readonly ok: false; readonly rejection: Rejection };

/**
 * The id of a record from the values that its id expressions found: one value as it is, several joined and hashed.
 * Numbers keep their digits.
 */
export function recordId(values: readonly unknown[], expressions: readonly string[]): IdResult {
  const found = values.length === 1 ? idPart(values[0], expressions[0] ?? '') : joinedId(values, expressions);
  if (!found.ok) return found;
  const { id } = found;
  const bytes = Buffer.byteLength(id);
  return bytes <= maxIdBytes ? found : invalid(`id is ${bytes} bytes long, at most ${maxIdBytes} are allowed`);
}

function joinedId(values: readonly unknown[], expressions: readonly string[]): IdResult {
  const parts: string[] = [];
  for (const [index, value] of values.entries()) {
    const part = idPart(value, expressions[index] ?? '');
    if (!part.ok) return part;
    parts.push(part.id);
  }
  return { ok: true, id: sha256(JSON.stringify(parts)) };
}

function idPart(value: unknown, expression: string): IdResult {
  if (typeof value === 'string') return value === '' ? missing(`id "${expression}" is empty`) : { ok: true, id: value };
  if (typeof value === 'number') return { ok: true, id: plainDigits(value) };
  if (value instanceof ExactNumber) return { ok: true, id: value.text };
  if (value === null || value === undefined) return missing(`no value at id "${expression}"`);
  const kind = Array.isArray(value) ? 'an array' : typeof value === 'object' ? 'an object' : `a ${typeof value}`;
  return invalid(`id "${expression}" is ${kind}, expected a string or a number`);
}

/** 0.0000001, not 1e-7. */
function plainDigits(number: number): string {
  const [mantissa = '', exponent] = String(number).split('e');
  if (exponent === undefined) return mantissa;
  const sign = mantissa.startsWith('-') ? '-' : '';
  const [whole = '', fraction = ''] = mantissa.replace('-', '').split('.');
  const digits = whole + fraction;
  const point = whole.length + Number(exponent);
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  return point >= digits.length
    ? sign + digits.padEnd(point, '0')
    : `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}

function missing(message: string): IdResult {
  return { ok: false, rejection: { reason: 'missing_id', message } };
}

function invalid(message: string): IdResult {
  return { ok: false, rejection: { reason: 'invalid_id', message } };
}
