import { closest, distance } from 'fastest-levenshtein';
import { isObject } from '../../domain/is-object.ts';
import {
  placeholderNames,
  placeholdersIn,
  templateNamesIn,
  type InvalidPlaceholder,
  type Placeholder,
} from '../../formats/template/parse-template.ts';
import { expression, timeFormat } from '../schema/value-schemas.ts';
import { templateKeys } from '../secrets/secrets.ts';
import type { Problem } from './problem.ts';

/**
 * What is wrong with the placeholders of a configuration themselves; whether a source can fill them is for its schema to say.
 * @param expectedReference how a text is written that was meant as a reference
 */
export function placeholderProblems(
  { sources, defaults }: Readonly<Record<string, unknown>>,
  expectedReference: (text: string) => string,
): Problem[] {
  const listed: readonly unknown[] = Array.isArray(sources) ? sources : [];
  const owners = [
    ...listed.map((source, index) => ({ path: ['sources', index], source })),
    { path: ['defaults'], source: defaults },
  ];
  return owners.flatMap(({ path, source }) => {
    if (!isObject(source)) return [];
    return templateKeys.flatMap((key) => [
      ...(key === 'url' ? [] : inNames(source[key], [...path, key])),
      ...otherManner(source[key], [...path, key]),
      ...placeholdersIn(source[key], [...path, key]).flatMap(({ path: where, placeholder }): Problem[] => {
        const why = problemOf(placeholder, key === 'export', expectedReference);
        return why === null ? [] : [{ path: where, message: `found ${placeholder.text}, ${why}` }];
      }),
    ]);
  });
}

/** Only values are filled in. */
function inNames(value: unknown, base: Problem['path']): Problem[] {
  // A header of such a name is a problem of its schema.
  const names = templateNamesIn(value, base).filter(({ path }) => path.at(-2) !== 'headers');
  return names.map(({ path, name }) => {
    const found = /\$\{[^}]*\}/.exec(name)?.[0] ?? name;
    const expected = `expected it in the value: ${name.replaceAll(/\$\{[^}]*\}/g, '').replace(/^[_-]|[_-]$/, '') || 'name'}: "${found}"`;
    return { path, message: `found ${found} in a name, where nothing is filled in, ${expected}` };
  });
}

/** Names of placeholders as other tools write them. */
const otherManners = /\{\{\s*(\w+)\s*\}\}|(?<!\$)\{(\w+)\}|^\$(\w+)$/;

const requestKeys: readonly string[] = ['url', 'params', 'headers'];

/** Placeholders in the manner of others, which would be sent as they are. A body may be a text of a language of its own. */
function otherManner(value: unknown, path: Problem['path']): Problem[] {
  const [key, , part] = path.slice(path[0] === 'sources' ? 2 : 1);
  const isExport = key === 'export';
  if (!isExport && !requestKeys.includes(String(key))) return [];
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([name, member]) =>
      otherManner(member, [...path, Array.isArray(value) ? Number(name) : name]),
    );
  }
  if (typeof value !== 'string' || (isExport && !requestKeys.includes(String(part)))) return [];
  const [text = '', ...names] = otherManners.exec(value) ?? [];
  const name = names.find((one) => one !== undefined);
  const isKnown = name !== undefined && placeholderNames.some((known) => known === name && !ofExports.includes(known));
  if (!isKnown) return [];
  const expected = name === 'last' || name === 'parent' ? `\${${name}:PATH}` : `\${${name}}`;
  return [{ path, message: `found ${text}, which would be sent as it is, expected ${expected}` }];
}

function problemOf(
  placeholder: Placeholder | InvalidPlaceholder,
  isExport: boolean,
  expectedReference: (text: string) => string,
): string | null {
  if (placeholder.kind === 'invalid') return whatWasMeant(placeholder, isExport, expectedReference);
  const { path, format } = placeholder;
  const checked = path !== '' ? expression.safeParse(path) : format === null ? null : timeFormat.safeParse(format);
  if (checked === null || checked.success) return null;
  const message = checked.error.issues[0]?.message ?? '';
  return message.replace(/^found "[^"]*", /, '');
}

/** What only the requests of an export may name. */
const ofExports: readonly string[] = ['job', 'submit', 'status'];

function whatWasMeant(
  { text, name, why }: InvalidPlaceholder,
  isExport: boolean,
  expectedReference: (text: string) => string,
): string {
  const names = placeholderNames.filter((known) => isExport || !ofExports.includes(known));
  const reference = expectedReference(text);
  // A variable of the environment, as many write one.
  if (/^\$\{+\s*(?:[A-Z_][A-Z0-9_]*\s*\}*$|env\b|secrets\b)/.test(text) || /^\$\{env\b/i.test(text))
    return `expected ${reference}`;
  if (why !== null) return why;
  const nearest = nearestName(name);
  if (nearest !== null) return `expected \${${nearest}${nearest === 'last' || nearest === 'parent' ? ':PATH' : ''}}`;
  return `expected ${reference}, or one of ${names.join(', ')}; a literal \${ is written $\${`;
}

function nearestName(name: string): string | null {
  if (name === '') return null;
  const lower = name.toLowerCase();
  const nearest = closest(lower, [...placeholderNames]);
  return distance(lower, nearest) <= (nearest.length > 4 ? 2 : 1) ? nearest : null;
}
