import { writeDeepJson } from '../exact-json.ts';
import { fillParts, fillText, fillValue, leftOut } from './fill-text.ts';
import { encodedOrGone, withoutGone } from './fill-url.ts';
import { onlyPlaceholder, parseTemplate } from './parse-template.ts';
import { textOf, valueOf, type TemplateValues } from './template-values.ts';

/** A text of this kind is filled so that a value cannot break out of its place. */
type BodyKind = 'json' | 'form' | 'xml' | 'text';

/** What a body that is a text holds, by its content type, otherwise by its beginning. */
function bodyKind(text: string, contentType: string | undefined): BodyKind {
  const type = (contentType ?? '').toLowerCase();
  if (type.includes('x-www-form-urlencoded')) return 'form';
  if (type.includes('json')) return 'json';
  if (type.includes('xml')) return 'xml';
  if (type !== '') return 'text';
  const start = text.trimStart().charAt(0);
  return start === '{' || start === '[' ? 'json' : start === '<' ? 'xml' : 'text';
}

/** The content of a body: a text as it is, anything else as JSON; null = none. */
export function fillBody(body: unknown, values: TemplateValues, contentType: string | undefined): string | null {
  if (typeof body !== 'string') {
    const filled = fillValue(body, values);
    return filled === leftOut ? null : writeDeepJson(filled);
  }
  const only = onlyPlaceholder(body);
  if (only) {
    const value = valueOf(only, values);
    return value === undefined ? null : textOf(value);
  }
  switch (bodyKind(body, contentType)) {
    case 'json':
      return fillJsonText(body, values);
    case 'form':
      return fillForm(body, values);
    case 'xml':
      return textOrNull(fillText(body, values, escapeXml));
    case 'text':
      return textOrNull(fillText(body, values));
  }
}

/** A text that is JSON, or nearly: inside quotes a value is a part of the text, elsewhere it is written as JSON. */
export function fillJsonText(text: string, values: TemplateValues): string {
  let filled = '';
  let quoted = false;
  for (const part of parseTemplate(text)) {
    if (part.kind !== 'placeholder') {
      quoted = endsQuoted(part.text, quoted);
      filled += part.text;
      continue;
    }
    const value = valueOf(part, values);
    if (quoted) filled += JSON.stringify(textOf(value)).slice(1, -1);
    else filled += value === undefined ? 'null' : writeDeepJson(value);
  }
  return filled;
}

function endsQuoted(text: string, before: boolean): boolean {
  let quoted = before;
  for (let index = 0; index < text.length; index++) {
    if (quoted && text[index] === '\\') index++;
    else if (text[index] === '"') quoted = !quoted;
  }
  return quoted;
}

/** Without a value an optional placeholder leaves out its parameter. */
function fillForm(text: string, values: TemplateValues): string {
  return withoutGone(
    fillParts(text, (placeholder) => encodedOrGone(placeholder, values)),
    '&',
  );
}

function textOrNull(filled: string | typeof leftOut): string | null {
  return filled === leftOut ? null : filled;
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

function escapeXml(value: string): string {
  return value.replaceAll(/[&<>"']/g, (character) => entities[character] ?? '');
}
