import type { XmlObject } from './xml-element.ts';

const divTag = /<(\/?)(?:[\w-]+:)?div(?=[\s>])(?:"[^"]*"|[^">])*>/g;

/** XHTML without the `<div>` that Atom wants around it; as it is where no single one is around all of it. */
export function withoutWrapper(markup: string): string {
  let depth = 0;
  let start = 0;
  for (const { 0: tag, 1: slash, index } of markup.matchAll(divTag)) {
    const isFirst = start === 0;
    if (isFirst && index > 0) return markup;
    if (isFirst) start = tag.length;
    depth += slash === '/' ? -1 : 1;
    if (depth > 0) continue;
    return index + tag.length === markup.length ? markup.slice(start, index).trim() : markup;
  }
  return markup;
}

/** The fields of an item without such wrappers. Hashes are made of the fields with them, as 0.2.0 did. */
export function withoutWrappers(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, unwrapped(value)]));
}

/** Whether a field is XHTML. */
export function isXhtml(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(isXhtml);
  const type = typeof value === 'object' && value !== null ? (value as XmlObject)['type'] : undefined;
  return typeof type === 'string' && type.toLowerCase() === 'xhtml';
}

function unwrapped(value: unknown): unknown {
  if (!isXhtml(value)) return value;
  if (Array.isArray(value)) return value.map(unwrapped);
  const object: XmlObject = { ...(value as XmlObject) };
  for (const name of ['value', '#text']) {
    const text = object[name];
    if (typeof text === 'string') object[name] = withoutWrapper(text);
  }
  return object;
}
