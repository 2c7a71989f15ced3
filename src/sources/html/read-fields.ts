import { isJsonObject } from '../../formats/exact-json.ts';
import { convertValue } from './convert-value.ts';
import { rawText, type PageElement } from './element-text.ts';
import type { Field } from './field.ts';
import type { HtmlPage } from './html-page.ts';
import { jsonInText } from './json-in-text.ts';

/** Where fields are read: an element, or an object of JSON that the page holds. */
export type Scope = { readonly element: PageElement } | { readonly value: unknown };

export interface FieldsRead {
  readonly record: Record<string, unknown>;
  /** Labels of required fields that have no value. */
  readonly missing: readonly string[];
}

/**
 * Reads the fields of an item. A field without a value is left out; a list without one is empty, and counts as none if the field is
 * required. In an object of JSON a field is the member of its name, unless it has a path (`json`) or a selector, which looks in the
 * whole page.
 * @param onField called with each field before it is read
 */
export function readFields(
  fields: readonly Field[],
  scope: Scope,
  page: HtmlPage,
  onField: (number: number) => void = () => {},
): FieldsRead {
  const missing: string[] = [];
  const entries = fields.flatMap((field): [string, unknown][] => {
    onField(field.number);
    const found = field.selector === null && 'value' in scope ? inJson(field, scope.value) : inPage(field, scope, page);
    const values = found.flatMap((each) => {
      if (field.fields === null) return [convertValue(field, each.value, page)];
      const inner = each.scope && readFields(field.fields, each.scope, page, onField);
      for (const label of inner?.missing ?? []) missing.push(label);
      return [inner?.record ?? null];
    });
    const some = values.filter((value) => value !== null);
    if (field.required && some.length === 0) missing.push(field.label);
    if (field.list) return [[field.name, some]];
    return some.length === 0 ? [] : [[field.name, some[0]]];
  });
  // A field may be named `__proto__`.
  return { record: Object.fromEntries(entries), missing };
}

/** A value of a field, or where its own fields are to be read. */
interface Found {
  readonly value: unknown;
  readonly scope: Scope | null;
}

/** What the paths of a paginator read of a document that is no JSON; nothing where no fields of it are configured. */
export function readPageFields(fields: readonly Field[] | null, page: HtmlPage): { readonly value?: unknown } {
  return fields === null ? {} : { value: readFields(fields, { value: {} }, page).record };
}

function inPage(field: Field, scope: Scope, page: HtmlPage): Found[] {
  const within = 'element' in scope ? scope.element : page.document;
  const elements = field.selector === null ? [within] : page.find(field.selector, within);
  const wanted = field.list ? elements : elements.slice(0, 1);
  if (field.json !== null) return wanted.flatMap((element) => ofJson(field, jsonOf(field, element, page)));
  return wanted.map((element) => ({
    value: field.fields === null ? textOf(field, element, page) : null,
    scope: { element },
  }));
}

function textOf(field: Field, element: PageElement, page: HtmlPage): string | null {
  if (field.attr !== null) return page.$(element).attr(field.attr) ?? null;
  if (field.html) return page.$(element).html();
  // Of a script one wants what it holds.
  const isScript = 'name' in element && element.name === 'script';
  return isScript ? rawText(element) : page.textOf(element);
}

/** What the field's path finds in the first JSON of an element in which it finds anything. */
function jsonOf(field: Field, element: PageElement, page: HtmlPage): unknown {
  const { values } = field.attr === null ? page.jsonOf(element) : jsonInText(page.$(element).attr(field.attr) ?? '');
  for (const { value } of values) {
    const found = field.json?.(value);
    if (found !== null && found !== undefined) return found;
  }
  return null;
}

function inJson(field: Field, object: unknown): Found[] {
  return ofJson(field, field.json ? field.json(object) : memberOf(object, field.name));
}

/** A list counts as its members, where the field is one or makes something of each. */
function ofJson(field: Field, found: unknown): Found[] {
  const isPlain = field.fields === null && field.transform === null && field.type === 'string';
  const members: unknown[] = Array.isArray(found) && (field.list || !isPlain) ? found : [found];
  const wanted = field.list ? members : members.slice(0, 1);
  return wanted.map((value) => ({ value, scope: isJsonObject(value) ? { value } : null }));
}

function memberOf(object: unknown, name: string): unknown {
  return isJsonObject(object) && Object.hasOwn(object, name) ? object[name] : null;
}
