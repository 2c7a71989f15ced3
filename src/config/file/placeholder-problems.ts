import { closest, distance } from 'fastest-levenshtein';
import { isObject } from '../../domain/is-object.ts';
import {
  placeholderNames,
  placeholdersIn,
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
    return templateKeys.flatMap((key) =>
      placeholdersIn(source[key], [...path, key]).flatMap(({ path: where, placeholder }): Problem[] => {
        const why = problemOf(placeholder, key === 'export', expectedReference);
        return why === null ? [] : [{ path: where, message: `found ${placeholder.text}, ${why}` }];
      }),
    );
  });
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
