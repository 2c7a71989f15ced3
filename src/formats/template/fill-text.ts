import { onlyPlaceholder, parseTemplate, type Placeholder } from './parse-template.ts';
import { textOf, valueOf, type TemplateValues } from './template-values.ts';

/** A text or value that is left out of its request. */
export const leftOut: unique symbol = Symbol('left out');

/** The text with each placeholder replaced by what is written for it. */
export function fillParts(text: string, write: (placeholder: Placeholder) => string): string {
  return parseTemplate(text)
    .map((part) => (part.kind === 'placeholder' ? write(part) : part.text))
    .join('');
}

/** The text with its placeholders filled in; left out if one of them is optional and has no value. */
export function fillText(
  text: string,
  values: TemplateValues,
  encode: (value: string) => string = (value) => value,
): string | typeof leftOut {
  let isLeftOut = false;
  const filled = fillParts(text, (placeholder) => {
    const value = valueOf(placeholder, values);
    isLeftOut ||= value === undefined && placeholder.optional;
    return encode(textOf(value));
  });
  return isLeftOut ? leftOut : filled;
}

/**
 * A value of any depth with its placeholders filled in. A text that is one placeholder becomes its value, with its type, and is left
 * out while there is none.
 */
export function fillValue(value: unknown, values: TemplateValues): unknown {
  if (typeof value === 'string') {
    const only = onlyPlaceholder(value);
    if (!only) return fillText(value, values);
    const found = valueOf(only, values);
    return found === undefined ? leftOut : found;
  }
  if (Array.isArray(value)) {
    return value.map((member) => fillValue(member, values)).filter((member) => member !== leftOut);
  }
  if (typeof value !== 'object' || value === null) return value;
  const filled = Object.entries(value).map(([key, member]) => [key, fillValue(member, values)] as const);
  return Object.fromEntries(filled.filter(([, member]) => member !== leftOut));
}
