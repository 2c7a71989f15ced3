import type { XmlObject, XmlValue } from './xml-element.ts';

/** The first value under one of the names, as text. */
export function firstText(fields: XmlObject, ...names: readonly string[]): string | null {
  for (const name of names) {
    for (const value of listOf(fields[name])) {
      const text = textOf(value);
      if (text !== null) return text;
    }
  }
  return null;
}

/** The text of a value; of an object, that beside its attributes. Null for an empty one. */
export function textOf(value: XmlValue | undefined): string | null {
  if (typeof value === 'string') return value === '' ? null : value;
  if (value === undefined || Array.isArray(value)) return null;
  return textOf(value['#text'] ?? value['value']);
}

/** A value that occurs once, several times or never, as a list. */
export function listOf(value: XmlValue | undefined): XmlValue[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

export function attributeOf(value: XmlValue, name: string): string | null {
  if (typeof value === 'string' || Array.isArray(value)) return null;
  return textOf(value[name]) ?? textOf(value[`@${name}`]);
}
