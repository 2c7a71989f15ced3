import { compile, getRegisteredFunctions, TreeInterpreter, type JSONValue } from '@jmespath-community/jmespath';
import { ExactNumber, unmarkText } from '../exact-json.ts';
import { keysOfPath, quoteNames } from './path-names.ts';

/** A compiled JMESPath expression; finds `null` or `undefined` where there is nothing. */
export type Expression = (value: unknown) => unknown;

/** Whether an expression is a path of keys, or `@`: finding it takes no time to speak of. */
export function isPath(expression: string): boolean {
  return expression === '@' || keysOfPath(expression) !== null;
}

/**
 * Compiles a JMESPath expression. Dotted paths, by far the most frequent, are walked without the interpreter.
 * @throws an error whose message says where the expression is wrong.
 */
export function compileExpression(expression: string): Expression {
  if (expression === '@') return (value) => value;
  const keys = keysOfPath(expression);
  if (keys) return (value) => keys.reduce(memberOf, value);
  const tree = compileTree(expression);
  const interpreter = new OwnMembers();
  return (value) => {
    const found: unknown = interpreter.search(tree, value as JSONValue);
    // A function such as to_string writes an exact number as `JSON.stringify` does.
    return typeof found === 'string' ? unmarkText(found) : found;
  };
}

/** The tree of an expression that is no plain path. @throws an error whose message says where the expression is wrong */
export function compileTree(expression: string): Tree {
  const tree = compile(quoteNames(expression));
  assertKnownFunctions(tree, new Set(getRegisteredFunctions()));
  return tree;
}

/** Whether a valid expression calculates: what may have been meant as a name. */
export function isArithmetic(expression: string): boolean {
  return !isPath(expression) && hasArithmetic(compile(quoteNames(expression)));
}

function hasArithmetic(node: unknown): boolean {
  if (typeof node !== 'object' || node === null) return false;
  if ('type' in node && (node.type === 'Arithmetic' || node.type === 'Unary')) return true;
  return Object.values(node).some(hasArithmetic);
}

type Interpreter = typeof TreeInterpreter;
export type Tree = Parameters<Interpreter['visit']>[0];
const Library = TreeInterpreter.constructor as new () => Interpreter;

/** The library's interpreter, but an object has only its own members: `constructor` of its prototype is a function. */
export class OwnMembers extends Library {
  override visit(...[node, value]: Parameters<Interpreter['visit']>): ReturnType<Interpreter['visit']> {
    if (node.type === 'Field' && !isMember(value, node.name)) return null;
    if (node.type === 'Function' && node.name === 'zip') {
      const lists = node.children.map((child) => this.visit(child, value));
      assertSameLength(lists);
      // Each list is found once: zips may be nested.
      return this.runtime.callFunction(node.name, lists);
    }
    return super.visit(node, value);
  }

  override withScope(...scope: Parameters<Interpreter['withScope']>): Interpreter {
    return Object.setPrototypeOf(super.withScope(...scope), Object.getPrototypeOf(this) as object) as Interpreter;
  }
}

/**
 * The library shortens all lists to the shortest one, so that columns with a gap would lose records.
 * @throws Error
 */
export function assertSameLength(lists: readonly unknown[]): void {
  const lengths = lists.flatMap((list) => (Array.isArray(list) ? [list.length] : []));
  if (new Set(lengths).size < 2) return;
  throw new Error(`zip() of lists with ${lengths.join(' and ')} elements, expected lists of the same length`);
}

/** The library notices them only when it meets them, on a page. */
function assertKnownFunctions(node: unknown, known: ReadonlySet<string>): void {
  if (typeof node !== 'object' || node === null) return;
  if ('type' in node && node.type === 'Function' && 'name' in node && !known.has(String(node.name))) {
    throw new Error(`there is no function ${String(node.name)}()`);
  }
  for (const member of Object.values(node)) assertKnownFunctions(member, known);
}

/** Like {@link compileExpression}, but an expression that fails on a value (a function given a wrong type) finds null. */
export function compileFinder(expression: string): Expression {
  const find = compileExpression(expression);
  return (value) => {
    try {
      return find(value);
    } catch {
      return null;
    }
  };
}

function memberOf(value: unknown, key: string): unknown {
  return isMember(value, key) ? (value as Record<string, unknown>)[key] : null;
}

function isMember(value: unknown, key: string): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof ExactNumber) return false;
  return Object.hasOwn(value, key);
}
