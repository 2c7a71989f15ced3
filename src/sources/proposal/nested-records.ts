import { isJsonObject } from '../../formats/exact-json.ts';
import { proposeTime } from './propose-time.ts';
import { fieldsOf, quoted, type JsonObject, lastPart } from './record-fields.ts';

/** Records that lie in a list of each of their parents. */
export interface NestedRecords {
  /** JMESPath to the records, each with its parent's fields. */
  readonly path: string;
  readonly items: readonly JsonObject[];
  /** The path of the list within a parent. */
  readonly key: string;
}

/** Most fields of a parent that its records take over. */
const maxParentFields = 20;

/**
 * Records in lists of their parents, where a parent has no time and its records have one: then they are what happens.
 * @param path JMESPath to the parents
 */
export function nestedRecords(parents: readonly JsonObject[], path: string): NestedRecords | null {
  if (parents.length === 0 || proposeTime(fieldsOf(parents)) !== null) return null;
  const [found] = listKeys(parents)
    .map((key) => ({ key, children: parents.map((parent) => childrenOf(parent, key)) }))
    .filter(({ children }) => proposeTime(fieldsOf(children.flat())) !== null)
    .sort((a, b) => b.children.flat().length - a.children.flat().length);
  if (!found) return null;
  const { key, children } = found;
  const names = parentFields(parents, key, new Set(children.flat().flatMap((child) => Object.keys(child))), path);
  const items = parents.flatMap((parent, index) =>
    (children[index] ?? []).map((child) => ({
      ...Object.fromEntries(names.map(({ from, to }) => [to, parent[from] ?? null])),
      ...child,
    })),
  );
  const list = `(${quoted(key)} || \`[]\`)[]`;
  const taken = names.map(({ from, to }) => `${quoted(to)}: $parent.${quoted(from)}`).join(', ');
  const projected = path === '@' ? '@[]' : `${path}[]`;
  const record = names.length === 0 ? list : `${list}.merge({${taken}}, @)`;
  return { path: `${projected}.[let $parent = @ in ${record}][][]`, items, key };
}

/** Keys that hold lists of objects in most parents. */
function listKeys(parents: readonly JsonObject[]): string[] {
  const keys = new Set(parents.flatMap((parent) => Object.keys(parent)));
  return [...keys].filter(
    (key) => parents.filter((parent) => childrenOf(parent, key).length > 0).length * 2 > parents.length,
  );
}

function childrenOf(parent: JsonObject, key: string): JsonObject[] {
  const list = parent[key];
  return Array.isArray(list) ? list.filter(isJsonObject) : [];
}

/** Plain fields of the parents, under names that no record has itself. */
function parentFields(parents: readonly JsonObject[], key: string, taken: ReadonlySet<string>, path: string) {
  const names = new Set(parents.flatMap((parent) => Object.keys(parent)));
  const plain = [...names].filter(
    (name) => name !== key && parents.every((parent) => typeof parent[name] !== 'object'),
  );
  const prefix = singular(lastPart(path));
  return plain
    .slice(0, maxParentFields)
    .map((from) => ({ from, to: taken.has(from) ? `${prefix}_${from}` : from }))
    .filter(({ to }) => !taken.has(to));
}

/** `stations` as `station`. */
function singular(word: string): string {
  if (!/^\w+$/.test(word)) return 'parent';
  return word.replace(/ies$/, 'y').replace(/(?<=[^s])s$/, '');
}
