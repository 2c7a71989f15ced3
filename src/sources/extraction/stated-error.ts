import { isObject } from '../../domain/is-object.ts';
import { truncate } from '../../domain/secrets/redact.ts';

/** Where answers say that they are an error. */
const errorKeys = ['error', 'errors', 'fault', 'exception', 'Error', 'Errors', 'Fault', 'Exception'];
const detailKeys = ['code', 'type', 'status', 'message', 'msg', 'description', 'detail', 'reason', 'title'];

/** What a field of an error has where there is none. */
const noError = /^(?:0*|ok|no|none|false|null|success)$/i;

export function isNoError(text: string): boolean {
  return noError.test(text.trim());
}

/** The error that a page of JSON says it is; null if it says none. */
export function statedError(page: unknown): string | null {
  if (!isObject(page)) return null;
  const texts = errorKeys.filter((key) => Object.hasOwn(page, key)).map((key) => errorText(page[key]));
  return texts.find((text) => text !== null) ?? null;
}

function errorText(error: unknown): string | null {
  const [one = null] = Array.isArray(error) ? (error as readonly unknown[]) : [error];
  const details = isObject(one) ? detailKeys.map((key) => one[key]) : [one];
  const texts = details.filter(isScalar).map(String);
  const text = texts.filter((each) => !isNoError(each)).join(' ');
  return text === '' ? null : truncate(text, 200);
}

function isScalar(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number' || value === true;
}
