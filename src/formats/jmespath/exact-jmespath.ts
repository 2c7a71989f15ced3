import type { JSONValue } from '@jmespath-community/jmespath';
import { compareNumbers, isNumber, isSameJson } from '../decimal-order.ts';
import { ExactNumber, markDigits, parseDigits, unmarkValue, writeJson } from '../exact-json.ts';
import {
  assertSameLength,
  compileExpression,
  compileTree,
  isPath,
  OwnMembers,
  type Expression,
  type Tree,
} from './jmespath.ts';

/**
 * Like `compileExpression`, for expressions that make new records: a number keeps its digits wherever it is only moved, and all digits
 * count where numbers are compared. Only what is calculated is a JavaScript number.
 */
export function compileExact(expression: string): Expression {
  if (isPath(expression)) return compileExpression(expression);
  const tree = unmarkValue(compileTree(withExactLiterals(expression))) as Tree;
  const interpreter = new ExactInterpreter();
  return (value) => interpreter.search(tree, value as JSONValue);
}

/** A quoted name, a raw string, or a literal. */
const quotedPart = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`/gs;

/** The library reads literals as `JSON.parse` does. */
function withExactLiterals(expression: string): string {
  return expression.replaceAll(quotedPart, (part) => (part.startsWith('`') && isJson(part) ? markDigits(part) : part));
}

function isJson(written: string): boolean {
  try {
    JSON.parse(written.slice(1, -1));
    return true;
  } catch {
    return false;
  }
}

/** Functions that only move what they are given. */
const moving = new Set(
  'from_items items keys map merge not_null reverse to_array values zip find_first find_last group_by'.split(' '),
);
/** Functions that order a list by an expression. */
const ordering = new Set(['max_by', 'min_by', 'sort_by']);
/** Functions of a list of numbers that give members of it. */
const choosing = new Set(['max', 'min', 'sort']);

/** The library's node that is a value, and one of this module: what a list is ordered by. */
const [valueNode, keyNode] = ['Literal', 'Key'] as const;

class ExactInterpreter extends OwnMembers {
  override visit(...[node, value]: Parameters<OwnMembers['visit']>): ReturnType<OwnMembers['visit']> {
    return this.#exact(node, value as JSONValue) as ReturnType<OwnMembers['visit']>;
  }

  #exact(node: Tree, value: JSONValue): unknown {
    if ((node.type as string) === keyNode) return plain(this.visit((node as unknown as KeyNode).node, value));
    switch (node.type) {
      case 'Comparator':
        return compared(node.name, this.visit(node.left, value), this.visit(node.right, value));
      case 'Arithmetic': {
        const [left, right] = [node.left, node.right].map((part) => literal(plain(this.visit(part, value))));
        return left && right ? super.visit({ ...node, left, right }, value) : null;
      }
      case 'Unary':
        return super.visit({ ...node, operand: literal(plain(this.visit(node.operand, value))) }, value);
      case 'ValueProjection': {
        const left = this.visit(node.left, value);
        return isNumber(left) ? null : super.visit({ ...node, left: literal(left) }, value);
      }
      case 'Function':
        return this.#call(
          node.name,
          node.children.map((child) => this.visit(child, value)),
        );
      default:
        return super.visit(node, value);
    }
  }

  #call(name: string, given: readonly unknown[]): unknown {
    const [first, second] = given;
    if (name === 'zip') assertSameLength(given);
    if (name === 'to_string' && given.length === 1) {
      return typeof first === 'string' ? first : writeJson(first ?? null, true);
    }
    if (name === 'to_number' && given.length === 1) {
      if (isNumber(first)) return first;
      if (typeof first === 'string' && jsonNumber.test(first.trim())) return parseDigits(first.trim()).value;
    }
    if (name === 'contains' && Array.isArray(first) && given.length === 2) {
      return first.some((member) =>
        isNumber(member) || isNumber(second) ? isSameJson(member, second) : member === second,
      );
    }
    if (moving.has(name)) return this.#library(name, given);
    if (ordering.has(name)) return this.#library(name, [first, keyOf(second)]);
    const numbers = given.map((argument) => (Array.isArray(argument) ? argument.map(plain) : plain(argument)));
    const result = this.#library(name, numbers);
    return choosing.has(name) && Array.isArray(first) ? asGiven(result, first) : result;
  }

  #library(name: string, given: readonly unknown[]): unknown {
    return this.runtime.callFunction(name, given as Parameters<typeof this.runtime.callFunction>[1]);
  }
}

interface KeyNode {
  readonly node: Tree;
}

const jsonNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

function plain(value: unknown): unknown {
  return value instanceof ExactNumber ? Number(value) : value;
}

function literal(value: unknown): Tree {
  return { type: valueNode, value: value as JSONValue };
}

/** An expression that is given to a function, with what it finds as a JavaScript number. */
function keyOf(expression: unknown): unknown {
  const isExpression = typeof expression === 'object' && expression !== null && 'expref' in expression;
  return isExpression ? { expref: true, type: keyNode, node: expression } : expression;
}

function compared(name: string, a: unknown, b: unknown): boolean | null {
  if (name === 'EQ') return isSameJson(a, b);
  if (name === 'NE') return !isSameJson(a, b);
  if (!isNumber(a) || !isNumber(b)) return null;
  const order = compareNumbers(a, b);
  switch (name) {
    case 'GT':
      return order > 0;
    case 'GTE':
      return order >= 0;
    case 'LT':
      return order < 0;
    default:
      return order <= 0;
  }
}

/** The members of a list that a result stands for. */
function asGiven(result: unknown, list: readonly unknown[]): unknown {
  const left = list.filter((member) => member instanceof ExactNumber);
  const member = (number: unknown): unknown => {
    const index = left.findIndex((exact) => Number(exact) === number);
    return index === -1 ? number : left.splice(index, 1)[0];
  };
  return Array.isArray(result) ? result.map(member) : member(result);
}
