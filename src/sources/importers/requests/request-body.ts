import { jsonOrNull, type ParsedJson } from '../../../formats/exact-json.ts';
import { isObject } from '../../../domain/is-object.ts';
import { isSecretName, isSecretText } from './secret-values.ts';
import { literal, type SecretVariables } from './secret-variables.ts';

/** A body as the configuration writes it, and the type that has to be named for it; null = it is JSON, or has none. */
export interface RequestBody {
  readonly body: unknown;
  readonly contentType: string | null;
}

const member = /(["']?)([\w.-]+)\1(\s*[:=]\s*")((?:[^"\\]|\\.)+)"/g;
const element = /(<(?:\w+:)?([\w.-]+)[^<>]*>)([^<>]+)(?=<\/)/g;

/** A body without its secrets. JSON becomes an object where that keeps all of its numbers. */
export function bodyOf(text: string, contentType: string | null, variables: SecretVariables): RequestBody {
  const type = (contentType ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  if (type === 'application/x-www-form-urlencoded') return { body: formOf(text, variables), contentType };
  const parsed = /json/.test(type) || type === '' || type === 'text/plain' ? jsonOf(text) : null;
  if (parsed === null) return { body: textOf(text, variables), contentType };
  const named = type === 'application/json' ? null : contentType;
  const numbers: string[] = [];
  const value = valueOf(parsed.value, '', variables, numbers);
  if (!parsed.exact && numbers.length === 0) return { body: value, contentType: named };
  const own = parsed.exact ? textOf(text, variables) : withNumbers(JSON.stringify(value), numbers);
  return { body: own, contentType: contentType ?? 'application/json' };
}

function jsonOf(text: string): ParsedJson | null {
  const parsed = jsonOrNull(text);
  return parsed && (isObject(parsed.value) || Array.isArray(parsed.value)) ? parsed : null;
}

function valueOf(value: unknown, name: string, variables: SecretVariables, numbers: string[]): unknown {
  if (typeof value === 'string') {
    return isSecretName(name) ? variables.replace(value, name, `body: ${name}`) : textOf(value, variables, name);
  }
  // A short number under such a name is a limit: `max_tokens: 4096`.
  if (typeof value === 'number' && isSecretName(name) && String(value).length >= 6) {
    const written = variables.replace(String(value), name, `body: ${name}`);
    numbers.push(written);
    return written;
  }
  if (Array.isArray(value)) return value.map((each) => valueOf(each, name, variables, numbers));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [literal(key), valueOf(each, key, variables, numbers)]),
  );
}

/** A reference stands for a text; for a number the body has to be one. */
function withNumbers(json: string, references: readonly string[]): string {
  return references.reduce((text, reference) => text.replaceAll(JSON.stringify(reference), () => reference), json);
}

/** Fields of a form, as they are encoded. */
function formOf(text: string, variables: SecretVariables): string {
  const parts = text.split('&').map((part) => {
    const at = part.indexOf('=');
    if (at === -1) return literal(part);
    const [name, value] = [part.slice(0, at), part.slice(at + 1)];
    const [[plainName = '', plainValue = ''] = []] = new URLSearchParams(part);
    if (!isSecretName(plainName) && !isSecretText(plainValue)) return `${literal(name)}=${literal(value)}`;
    return `${name}=${variables.replace(value, plainName, `body: ${plainName}, URL-encoded`)}`;
  });
  return parts.join('&');
}

/** Any other text: members, elements and addresses in it may be secret. */
function textOf(text: string, variables: SecretVariables, name = 'body'): string {
  const replaced = literal(text)
    .replaceAll(member, (whole, quote: string, key: string, mark: string, value: string) =>
      isSecretName(key) ? `${quote}${key}${quote}${mark}${variables.replace(value, key, `body: ${key}`)}"` : whole,
    )
    .replaceAll(element, (whole, start: string, key: string, value: string) =>
      isSecretName(key) ? start + variables.replace(value, key, `body: ${key}`) : whole,
    );
  return replaced === literal(text) && isSecretText(text) ? variables.replace(text, name, name) : replaced;
}
