import type { DateOrder } from '../../domain/plan/plan-parts.ts';
import { ExactNumber } from '../../formats/exact-json.ts';
import { knownFeedTime } from '../feeds/feed-time.ts';
import type { Field } from './field.ts';
import type { HtmlPage } from './html-page.ts';
import { readNumber } from './read-number.ts';

/**
 * What a field makes of a text, or of a value of JSON; null = no value. Text without any letter or sign is none. A value of
 * JSON stays what it is, unless the field asks for a number, date or URL, or transforms it.
 */
export function convertValue(
  field: Pick<Field, 'type' | 'transform' | 'dateOrder'>,
  found: unknown,
  page: HtmlPage,
): unknown {
  if (found === null || found === undefined) return null;
  const isPlain = field.type === 'string' && field.transform === null;
  if (typeof found !== 'string' && isPlain) return found;
  if (isNumber(found) && field.type === 'number' && field.transform === null) return found;
  const text = textOf(found);
  const value = text === null || field.transform === null ? text : field.transform(text);
  if (value === null || value.trim() === '') return null;
  switch (field.type) {
    case 'string':
      return value;
    case 'number':
      return readNumber(value);
    case 'date':
      return dateOf(value, field.dateOrder, page);
    case 'url':
      return page.absolute(value);
  }
}

function dateOf(text: string, own: DateOrder | null, page: HtmlPage): string | null {
  if (own === null) page.onDate(text);
  return knownFeedTime(text, own ?? page.dateOrder);
}

function isNumber(value: unknown): boolean {
  return typeof value === 'number' || value instanceof ExactNumber;
}

function textOf(value: unknown): string | null {
  if (typeof value === 'string') return value;
  if (value instanceof ExactNumber) return value.text;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : null;
}
