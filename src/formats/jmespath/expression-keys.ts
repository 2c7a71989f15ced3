import { keysOfPath } from './path-names.ts';
import { compileTree, type Tree } from './jmespath.ts';

/** Keys from the record on. */
export type Keys = readonly string[];

/**
 * Where in a record a valid expression looks: the keys of each path in it, as far as they are known beforehand. `@` is the record
 * itself, so no keys.
 */
export function keysRead(expression: string): readonly Keys[] {
  if (expression === '@') return [[]];
  const keys = keysOfPath(expression);
  if (keys) return [keys];
  const read: Keys[] = [];
  const left = follow(compileTree(expression), [[]], read);
  return [...read, ...left];
}

/** Whether one of two paths leads to the other, or into it. */
export function overlap(a: Keys, b: Keys): boolean {
  return a.every((key, index) => index >= b.length || b[index] === key);
}

interface Parts {
  readonly type: string;
  readonly name?: unknown;
  readonly left?: Tree;
  readonly right?: Tree;
  readonly condition?: Tree;
}

/** Nodes whose right side looks in what the left one finds. */
const chains = new Set([
  'Subexpression',
  'IndexExpression',
  'Projection',
  'ValueProjection',
  'FilterProjection',
  'Pipe',
]);
/** Nodes that stay where they are. */
const still = new Set(['Current', 'Identity', 'Index', 'Slice']);

/** Where an expression leads to from certain places; those that it only looks at are added to `read`. */
function follow(node: Tree, from: readonly Keys[], read: Keys[]): readonly Keys[] {
  const { type, name, left, right, condition } = node as Parts;
  if (type === 'Field') return from.map((keys) => [...keys, String(name)]);
  if (type === 'Root') return [[]];
  if (still.has(type)) return from;
  if (type === 'Flatten') return follow((node as unknown as { readonly child: Tree }).child, from, read);
  if (chains.has(type) && left && right) {
    const found = follow(left, from, read);
    if (condition) add(read, follow(condition, found, read));
    return follow(right, found, read);
  }
  add(read, unfollowed(node, from, read));
  return [];
}

function add(read: Keys[], more: readonly Keys[]): void {
  for (const keys of more) read.push(keys);
}

/** The places of all parts of a node that calculates something. */
function unfollowed(node: Tree, from: readonly Keys[], read: Keys[]): readonly Keys[] {
  return Object.values(node).flatMap((part: unknown) => {
    const parts = Array.isArray(part) ? part : [part];
    return parts.flatMap((each: unknown) => {
      if (typeof each !== 'object' || each === null || !('type' in each)) return [];
      return follow(each as Tree, from, read);
    });
  });
}
