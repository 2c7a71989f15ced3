import { compile, isRegistered, TreeInterpreter, type JSONValue } from '@jmespath-community/jmespath';
import { ExactNumber, unmarkText } from './json.ts';

/** A compiled JMESPath expression; finds `null` or `undefined` where there is nothing. */
export type Expression = (value: unknown) => unknown;

const dottedPath = /^[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*$/;

/**
 * Compiles a JMESPath expression. Dotted paths, by far the most frequent, are walked without the interpreter.
 * @throws an error whose message says where the expression is wrong.
 */
export function compileExpression(expression: string): Expression {
  if (expression === '@') return (value) => value;
  if (dottedPath.test(expression)) {
    const keys = expression.split('.');
    return (value) => keys.reduce(memberOf, value);
  }
  const tree = compile(expression);
  refuseUnknownFunctions(tree);
  return (value) => {
    const found: unknown = TreeInterpreter.search(tree, value as JSONValue);
    // A function such as to_string writes an exact number as `JSON.stringify` does.
    return typeof found === 'string' ? unmarkText(found) : found;
  };
}

/** The library notices them only when it meets them, on a page. */
function refuseUnknownFunctions(node: unknown): void {
  if (typeof node !== 'object' || node === null) return;
  if ('type' in node && node.type === 'Function' && 'name' in node && !isRegistered(String(node.name))) {
    throw new Error(`there is no function ${String(node.name)}()`);
  }
  for (const member of Object.values(node)) refuseUnknownFunctions(member);
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
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof ExactNumber) return null;
  return Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : null;
}
