import { isJsonObject } from '../../formats/exact-json.ts';
import { quoted } from './record-fields.ts';

/** A list in a page, and its JMESPath. */
export interface FoundList {
  readonly path: string;
  readonly items: readonly unknown[];
}

/** How deep a list of records is looked for. */
const maxListDepth = 4;

/** The longest list of objects, those nearer to the root first. */
export function findList(page: unknown, path = '@', depth = 0): FoundList | null {
  if (Array.isArray(page)) return page.some(isJsonObject) ? { path, items: page } : null;
  if (!isJsonObject(page) || depth === maxListDepth) return null;
  const found = Object.entries(page).flatMap(
    ([key, value]) => findList(value, path === '@' ? quoted(key) : `${path}.${quoted(key)}`, depth + 1) ?? [],
  );
  return found.sort((a, b) => b.items.length - a.items.length || a.path.length - b.path.length)[0] ?? null;
}
