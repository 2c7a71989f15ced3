import { durationPart, sumOfDuration } from '../../domain/time/duration.ts';

/** What a request may name beside `${env:NAME}`. */
export const placeholderNames = [
  ...(['cursor', 'page', 'offset', 'limit'] as const),
  ...(['since', 'until', 'now', 'last', 'parent'] as const),
  ...(['job', 'submit', 'status'] as const),
] as const;
export type PlaceholderName = (typeof placeholderNames)[number];

export interface Placeholder {
  readonly kind: 'placeholder';
  /** As it is written, with its braces. */
  readonly text: string;
  readonly name: PlaceholderName;
  /** JMESPath into the last record, or the parent; empty for the others. */
  readonly path: string;
  /** How a time is written; null = as the source's other times. */
  readonly format: string | null;
  /** What is added to a time, in milliseconds. */
  readonly shiftMs: number;
  /** Without a value the whole parameter is left out. */
  readonly optional: boolean;
}

/** What is no placeholder, and was probably meant as one. */
export interface InvalidPlaceholder {
  readonly kind: 'invalid';
  readonly text: string;
  /** The name as it is written, and what is wrong; null = there is no such name. */
  readonly name: string;
  readonly why: string | null;
}

export interface LiteralText {
  readonly kind: 'text';
  readonly text: string;
}

export type TemplatePart = LiteralText | Placeholder | InvalidPlaceholder;
export type Template = readonly TemplatePart[];

/** What is filled in before a template is. */
const reference = /^\$\{(?:env:[A-Za-z_][A-Za-z0-9_]*|config:[^}]*)\}$/;

/** Stands for a `$` of a value that is inserted before the template is read: it begins no placeholder. */
const dollar = '${$}';

/**
 * Splits a text at its placeholders. `$${` is a literal `${`; references such as `${env:NAME}` are text here, because they are filled in
 * before.
 */
export function parseTemplate(text: string): Template {
  if (!text.includes('${')) return [{ kind: 'text', text }];
  const parts: TemplatePart[] = [];
  let literal = '';
  let at = 0;
  const flush = () => {
    if (literal !== '') parts.push({ kind: 'text', text: literal });
    literal = '';
  };
  for (const opening = /\$?\$\{/g; ;) {
    opening.lastIndex = at;
    const found = opening.exec(text);
    literal += text.slice(at, found?.index);
    if (!found) break;
    if (found[0] === '$${') {
      literal += '${';
      at = opening.lastIndex;
      continue;
    }
    const end = endOf(text, opening.lastIndex);
    const whole = text.slice(found.index, end === -1 ? text.length : end + 1);
    at = found.index + whole.length;
    if (whole === dollar) literal += '$';
    else if (reference.test(whole)) literal += whole;
    else {
      flush();
      parts.push(end === -1 ? notClosed(whole) : readPlaceholder(whole));
    }
  }
  flush();
  return parts;
}

/** A value for a place in a template, written so that it is text whatever it contains. */
export function escapeTemplate(value: string): string {
  return value.replaceAll('$', () => dollar);
}

/** The placeholders of all strings in a value, with the path to each of them. */
export function placeholdersIn(
  value: unknown,
  path: readonly (string | number)[] = [],
): { readonly path: readonly (string | number)[]; readonly placeholder: Placeholder | InvalidPlaceholder }[] {
  if (typeof value === 'string') {
    return parseTemplate(value).flatMap((part) => (part.kind === 'text' ? [] : [{ path, placeholder: part }]));
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) =>
    placeholdersIn(member, [...path, Array.isArray(value) ? Number(key) : key]),
  );
}

/** The names of members in a value that have a placeholder or reference in them, with the path to each of them. */
export function templateNamesIn(
  value: unknown,
  path: readonly (string | number)[] = [],
): { readonly path: readonly (string | number)[]; readonly name: string }[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => {
    const here = [...path, Array.isArray(value) ? Number(key) : key];
    const found = !Array.isArray(value) && /\$\{[^}]*\}/.test(key) ? [{ path: here, name: key }] : [];
    return [...found, ...templateNamesIn(member, here)];
  });
}

/** Whether a value has anything that is filled in at each request, or an escaped `${`. */
export function isTemplate(value: unknown): boolean {
  if (typeof value === 'string')
    return value.includes('$${') || parseTemplate(value).some(({ kind }) => kind !== 'text');
  return typeof value === 'object' && value !== null && Object.values(value).some(isTemplate);
}

/** The placeholder that a text is, and nothing else; null if it is more or less than one. */
export function onlyPlaceholder(text: string): Placeholder | null {
  if (!text.startsWith('${')) return null;
  const [first, ...more] = parseTemplate(text);
  return more.length === 0 && first?.kind === 'placeholder' ? first : null;
}

/** Whether a text has placeholders, and nothing beside them. */
export function isOnlyPlaceholders(text: string): boolean {
  return text.includes('${') && parseTemplate(text).every(({ kind }) => kind === 'placeholder');
}

/** The text beside its placeholders. */
export function textBeside(text: string): string {
  if (!text.includes('${')) return text;
  return parseTemplate(text)
    .map((part) => (part.kind === 'placeholder' ? '' : part.text))
    .join('');
}

/** Where a placeholder ends: a path may have braces and quoted texts of its own. */
function endOf(text: string, start: number): number {
  if (!/^(?:last|parent|submit|status)\b/.test(text.slice(start, start + 7))) return text.indexOf('}', start);
  let depth = 0;
  for (let index = start; index < text.length; index++) {
    const character = text.charAt(index);
    if (character === '"' || character === "'" || character === '`') {
      const close = endOfQuoted(text, index);
      if (close === -1) return text.indexOf('}', start);
      index = close;
    } else if (character === '{') depth++;
    else if (character === '}' && depth-- === 0) return index;
  }
  return -1;
}

function endOfQuoted(text: string, start: number): number {
  for (let index = start + 1; index < text.length; index++) {
    if (text[index] === '\\') index++;
    else if (text[index] === text[start]) return index;
  }
  return -1;
}

const counted = /^(cursor|page|offset|limit|job)(\?)?$/;
const time = new RegExp(String.raw`^(since|until|now)((?:[+-](?:${durationPart})+)*)(\?)?(?::(.+?))??(\?)?$`, 's');
const field = /^(last|parent|submit|status)(\?)?:(.+?)(\?)?$/s;

function readPlaceholder(text: string): Placeholder | InvalidPlaceholder {
  const inner = text.slice(2, -1).trim();
  const base = { kind: 'placeholder', text, path: '', format: null, shiftMs: 0 } as const;
  const [, count, countOptional] = counted.exec(inner) ?? [];
  if (count !== undefined) return { ...base, name: count as PlaceholderName, optional: countOptional !== undefined };
  const [, when, shift = '', early, format = null, late] = time.exec(inner) ?? [];
  if (when !== undefined) {
    const optional = early !== undefined || late !== undefined;
    return { ...base, name: when as PlaceholderName, format, shiftMs: shiftOf(shift), optional };
  }
  const [, of, first, path = '', last] = field.exec(inner) ?? [];
  if (of !== undefined) {
    return { ...base, name: of as PlaceholderName, path, optional: first !== undefined || last !== undefined };
  }
  const name = /^[A-Za-z_]*/.exec(inner)?.[0] ?? '';
  return { kind: 'invalid', text, name, why: reasonOf(name, inner) };
}

function reasonOf(name: string, inner: string): string | null {
  if (/^(?:last|parent|submit|status)$/.test(name)) return `expected a path in it: \${${name}:id}`;
  if (/^(?:cursor|page|offset|limit|job)$/.test(name)) {
    const form = inner.includes('?') ? `\${${name}?}` : `\${${name}}`;
    return `expected ${form}: only times have a format or a shift`;
  }
  if (/^(?:since|until|now)/.test(name)) {
    return 'expected a time such as ${since}, ${since:yyyy-MM-dd} or ${now-1d:epoch_s}';
  }
  return null;
}

function notClosed(text: string): InvalidPlaceholder {
  return { kind: 'invalid', text, name: '', why: 'expected a } at its end; a literal ${ is written $${' };
}

/** The sum of shifts such as `-1d` and `+1h30m`. */
function shiftOf(text: string): number {
  let total = 0;
  for (const [, sign, amounts = ''] of text.matchAll(/([+-])([^+-]+)/g)) {
    total += (sign === '-' ? -1 : 1) * sumOfDuration(amounts);
  }
  return Math.round(total);
}
