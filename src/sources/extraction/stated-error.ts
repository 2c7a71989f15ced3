import { isObject } from '../../domain/is-object.ts';
import { truncate } from '../../domain/secrets/redact.ts';

/** Where answers say that they are an error. */
const errorKeys = ['error', 'errors', 'fault', 'exception', 'Error', 'Errors', 'Fault', 'Exception'];
const detailKeys = ['code', 'type', 'status', 'message', 'msg', 'description', 'detail', 'reason', 'title'];

/** What a field of an error has where there is none. */
const noError =
  /^(?:0*(?:\.0*)?|2\d\d|ok(?:ay)?|no?|n\/?a|none|nil|null|undefined|false|no[ _-]?(?:errors?|faults?|exceptions?)|success(?:ful(?:ly)?)?)[.!]?$/i;

const records = '(?:data|records?|results?|rows?|items?|entries|matches|match|pages?|documents?|content|hits?)';
/** How APIs say that there are no records, or no more of them; `noRecordsMatch` is that of OAI-PMH. */
const nothingThere = new RegExp(
  `^(?:there[ _-](?:are|were|is)[ _-])?(?:no[ _-](?:(?:more|further|new|matching|such)[ _-])*|0[ _-])${records}(?![a-z])|^noRecordsMatch$`,
  'i',
);

/** Whether texts of an error say that there is none, or only that there are no records. */
export function isNoError(texts: readonly string[]): boolean {
  const trimmed = texts.map((text) => text.trim());
  return trimmed.some((text) => nothingThere.test(text)) || trimmed.every((text) => noError.test(text));
}

/** What texts of an error say, without those that say nothing. */
export function saidBy(texts: readonly string[]): string {
  return texts.filter((text) => !noError.test(text.trim())).join(' ');
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
  return isNoError(texts) ? null : truncate(saidBy(texts), 200);
}

function isScalar(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number' || value === true;
}
