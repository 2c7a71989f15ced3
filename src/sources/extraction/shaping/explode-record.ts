import type { ExplodePlan } from '../../../domain/plan/shaping-plan.ts';
import { ExactNumber, isJsonObject } from '../../../formats/exact-json.ts';
import { compileExact } from '../../../formats/jmespath/exact-jmespath.ts';
import { parseKeyPath } from '../../../formats/jmespath/key-path.ts';
import { keysOfPath } from '../../../formats/jmespath/path-names.ts';

/** The records that one record becomes. */
export interface Exploded {
  readonly elements: readonly unknown[];
  /** Kept fields that the elements have themselves, so that those of the record around them are left out. */
  readonly conflicts: readonly string[];
}

/**
 * Makes the function that gives a record for each element of a list in a record: the fields of the element, and what is kept of the
 * record around it. An element that is no object is a field with the name of the list. No list, or `null`, gives no record.
 * @throws an error that says what is there instead of a list
 */
export function createExplode({ path, keep }: ExplodePlan): (value: unknown) => Exploded {
  const find = compileExact(path);
  const name = keysOfPath(path)?.at(-1) ?? 'value';
  const kept = createKeep(keep);
  return (value) => {
    const list = find(value) ?? [];
    if (!Array.isArray(list)) throw new TypeError(`found ${kindOf(list)}, expected a list`);
    const around = list.length === 0 ? {} : kept(value);
    const conflicts = new Set<string>();
    const elements = list.map((element: unknown) =>
      isJsonObject(element) ? merged(around, element, conflicts) : merged(around, { [name]: element }, conflicts),
    );
    return { elements, conflicts: [...conflicts] };
  };
}

function createKeep(keep: ExplodePlan['keep']): (value: unknown) => Tree {
  if (isPaths(keep)) {
    const paths = keep.map((path) => parseKeyPath(path) ?? []);
    return (value) => paths.reduce<Tree>((around, keys) => merged(around, branch(value, keys), new Set()), {});
  }
  const finders = Object.entries(keep).map(([name, path]) => [name, compileExact(path)] as const);
  return (value) => Object.fromEntries(finders.map(([name, find]) => [name, find(value) ?? null]));
}

type Tree = Readonly<Record<string, unknown>>;

function isPaths(keep: ExplodePlan['keep']): keep is readonly string[] {
  return Array.isArray(keep);
}

/** What a record has at a path, within the objects that lead to it; nothing where it has nothing. */
function branch(value: unknown, [key, ...rest]: readonly string[]): Tree {
  if (key === undefined || !isJsonObject(value) || !Object.hasOwn(value, key)) return {};
  if (rest.length === 0) return Object.fromEntries([[key, value[key]]]);
  const inner = branch(value[key], rest);
  return Object.keys(inner).length === 0 ? {} : Object.fromEntries([[key, inner]]);
}

/** Both objects in one; where both have something else than an object, that of `own` counts. */
function merged(base: Tree, own: Tree, conflicts: Set<string>): Tree {
  // Keys of another prototype than Map's would be those of Object, such as `__proto__`.
  const members = new Map(Object.entries(base));
  for (const [key, value] of Object.entries(own)) {
    const before = members.get(key);
    if (before === undefined) members.set(key, value);
    else if (isJsonObject(before) && isJsonObject(value)) members.set(key, merged(before, value, conflicts));
    else {
      conflicts.add(key);
      members.set(key, value);
    }
  }
  return Object.fromEntries(members);
}

function kindOf(value: unknown): string {
  if (value instanceof ExactNumber) return 'a number';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
