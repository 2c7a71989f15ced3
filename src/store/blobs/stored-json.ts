import { isObject } from '../../domain/is-object.ts';
import { hash } from 'node:crypto';
import type { BlobStore } from './blob-store.ts';
import { reportDamage } from './damage.ts';

/** Says whether a value is what a kind of file holds. */
export type IsShape<T> = (value: unknown) => value is T;

export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: string };

/**
 * Reads a blob of JSON; null if there is none, or if it is damaged: that is reported to the store, and the work continues as if it
 * did not exist. The only way to read one.
 * @param what it is, for people: `an alert`
 */
export async function readStoredJson<T>(
  store: BlobStore,
  path: string,
  what: string,
  isShape: IsShape<T>,
): Promise<T | null> {
  const content = await store.get(path);
  if (content === null) return null;
  const parsed = parseStoredJson(content, what, isShape);
  if (parsed.ok) return parsed.value;
  await reportDamage(store, { path, content, problem: parsed.problem, remains: 'nothing' });
  return null;
}

/**
 * The text of a blob of JSON. A hash of it follows it, as blanks: a flipped digit would leave good JSON behind. Any JSON parser
 * skips blanks, that of 0.2.0 too, and a rewrite leaves them out; a field with the hash would be copied, and no longer match.
 */
export function storedJson(value: unknown, indent = 0): string {
  const text = `${JSON.stringify(value, null, indent)}\n`;
  return `${text}${blanksOf(text)}\n`;
}

/** 64 bits of a text's hash: a blank for 0, a tab for 1. */
function blanksOf(text: string): string {
  const bits = BigInt(`0x${hash('sha256', text, 'hex').slice(0, 16)}`)
    .toString(2)
    .padStart(64, '0');
  return bits.replaceAll('0', ' ').replaceAll('1', '\t');
}

/** What is written by hand, or by 0.2.0, has no blanks behind it; those of a file that was cut short do not fit. */
const hashed = /^([^]*\n)([ \t]+\n?)$/;

export function parseStoredJson<T>(content: Buffer, what: string, isShape: IsShape<T>): Parsed<T> {
  const text = content.toString();
  const [, written, blanks] = hashed.exec(text) ?? [];
  if (written !== undefined && `${blanksOf(written)}\n` !== blanks) {
    return { ok: false, problem: `is not what was written, expected ${what}` };
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, problem: `${content.length === 0 ? 'is empty' : 'is not valid JSON'}, expected ${what}` };
  }
  return isShape(value) ? { ok: true, value } : { ok: false, problem: `has JSON of the wrong shape, expected ${what}` };
}

/**
 * Reads a blob that is named by its content; null if there is none, or where its content is not that of a stack file: then the
 * store is told as above.
 */
export async function readHashed(store: BlobStore, path: string, name: string, what: string): Promise<Buffer | null> {
  const content = await store.get(path);
  if (content === null || contentName(content) === name) return content;
  await reportDamage(store, {
    path,
    content,
    remains: 'nothing',
    problem: `${content.length === 0 ? 'is empty' : 'does not match its name'}, expected ${what}`,
  });
  return null;
}

/** The name of a blob that is named by its content. */
export function contentName(content: string | Buffer): string {
  return hash('sha256', content, 'hex').slice(0, 32);
}

type TypeName = 'string' | 'number' | 'boolean' | 'object' | 'time';

/** Whether a value is an object with fields of these types; a `?` at the end allows null and absence. */
export function hasFields(value: unknown, fields: Readonly<Record<string, TypeName | `${TypeName}?`>>): boolean {
  if (!isObject(value)) return false;
  return Object.entries(fields).every(([name, type]) => {
    const field = value[name];
    if (type.endsWith('?')) return field === null || field === undefined || isOf(field, type.slice(0, -1));
    return isOf(field, type);
  });
}

export function isTime(value: unknown): value is string {
  return typeof value === 'string' && !Number.isNaN(Date.parse(value));
}

function isOf(value: unknown, type: string): boolean {
  if (type === 'time') return isTime(value);
  if (type === 'object') return isObject(value);
  return typeof value === type;
}
