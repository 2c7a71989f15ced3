import { fillText, fillValue, leftOut } from './fill-text.ts';
import { onlyPlaceholder } from './parse-template.ts';
import { textOf, valueOf, type TemplateValues } from './template-values.ts';

export type Parameters = Readonly<Record<string, string | readonly string[]>>;

/** Parameters of a query; one whose value is a list is sent once for each of its values. */
export function fillParameters(parameters: Parameters, values: TemplateValues): Parameters {
  return Object.fromEntries(
    Object.entries(parameters).flatMap(([name, value]): [string, string | string[]][] => {
      const filled = fillValue(value, values);
      if (filled === leftOut) return [];
      if (!Array.isArray(filled)) return [[name, textOf(filled)]];
      return filled.length === 0 ? [] : [[name, filled.map(textOf)]];
    }),
  );
}

/** Headers; one that has no value, or whose optional placeholder has none, is left out. */
export function fillHeaders(
  headers: Readonly<Record<string, string>>,
  values: TemplateValues,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, text]): [string, string][] => {
      const only = onlyPlaceholder(text);
      if (only && valueOf(only, values) === undefined) return [];
      const filled = fillText(text, values);
      return filled === leftOut ? [] : [[name, filled]];
    }),
  );
}
