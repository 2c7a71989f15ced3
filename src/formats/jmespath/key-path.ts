import { ExactNumber } from '../exact-json.ts';

/**
 * Paths of keys: `customer.phone`, `"first name"`, `contacts[].email`. Lists on the way are walked through whether or not the path
 * says so, because what is masked in one object must be masked in a list of them.
 */

/** A quoted key, or one without dots, brackets and quotes; then any number of `[]` or `[*]`. */
const keyToken = /(?:"((?:[^"\\]|\\.)*)"|([^\s."'`[\]*(){}|&,]+))(?:\[\*?\])*/y;

/** The keys of a path; null if it is none. */
export function parseKeyPath(path: string): readonly string[] | null {
  const keys: string[] = [];
  for (let at = 0; at <= path.length;) {
    keyToken.lastIndex = at;
    const found = keyToken.exec(path);
    if (!found) return null;
    const [whole, quoted, bare] = found;
    keys.push(quoted === undefined ? (bare ?? '') : unquoted(quoted));
    at += whole.length;
    if (at === path.length) return keys;
    if (path[at] !== '.') return null;
    at++;
  }
  return null;
}

function unquoted(text: string): string {
  try {
    return JSON.parse(`"${text}"`) as string;
  } catch {
    return text;
  }
}

/** What becomes of a value at a path; undefined = it is left out. */
export type Change = (value: unknown) => unknown;

/** The value with what is at a path changed; the same value where nothing is there. What was given stays as it is. */
export function changeAt(value: unknown, keys: readonly string[], change: Change): unknown {
  if (Array.isArray(value)) {
    const members: unknown[] = value;
    const changed = members.map((member) => changeAt(member, keys, change));
    return changed.some((member, index) => member !== members[index]) ? changed : value;
  }
  const [key, ...rest] = keys;
  if (key === undefined || !isKeyed(value) || !Object.hasOwn(value, key)) return value;
  const before = value[key];
  const after = rest.length === 0 ? change(before) : changeAt(before, rest, change);
  if (after === before) return value;
  // A key may be `__proto__`: entries are defined, not assigned.
  const entries = Object.entries(value).flatMap(([name, member]): [string, unknown][] =>
    name !== key ? [[name, member]] : after === undefined ? [] : [[name, after]],
  );
  return Object.fromEntries(entries);
}

/** Whether a value has something at a path, `null` included. */
export function hasAt(value: unknown, keys: readonly string[]): boolean {
  const [key, ...rest] = keys;
  if (key === undefined) return true;
  if (Array.isArray(value)) return value.some((member) => hasAt(member, keys));
  return isKeyed(value) && Object.hasOwn(value, key) && hasAt(value[key], rest);
}

function isKeyed(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !(value instanceof ExactNumber);
}
