import { isMap, isPair, isScalar, LineCounter, parseDocument, visit, type Document } from 'yaml';
import type { Problem } from './problem.ts';

/** A parsed YAML (or JSON) file whose values know their lines. */
export interface YamlFile {
  readonly value: unknown;
  /** Syntax errors; `value` is then of no use. */
  readonly problems: readonly Problem[];
  /** The text of a scalar as it is written; null where there is none. */
  source(path: Problem['path']): string | null;
  /** Whether the file itself has something at the path. */
  has(path: Problem['path']): boolean;
  /** Line and column of the value (or, with `key`, of that key in it); of the nearest parent where it is absent. */
  locate(path: Problem['path'], key?: string): { readonly line: number; readonly column: number } | null;
}

export function parseYaml(text: string): YamlFile {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false, merge: true });
  const problems = document.errors.map((error): Problem => {
    const { line, col } = counter.linePos(error.pos[0]);
    // Some messages end with what stands there: it may be a secret.
    return { message: `not valid YAML: ${error.message.replace(/: .*$/s, '')}`, path: [], line, column: col };
  });
  return {
    value: problems.length > 0 ? null : readValue(document, counter, problems),
    problems,
    source(path) {
      const node: unknown = document.getIn(path, true);
      return isScalar(node) && typeof node.source === 'string' ? node.source : null;
    },
    has: (path) => document.hasIn(path),
    locate(path, key) {
      const offset = offsetOf(document, path, key);
      if (offset === null) return null;
      const { line, col } = counter.linePos(offset);
      return { line, column: col };
    },
  };
}

function readValue(document: Document, counter: LineCounter, problems: Problem[]): unknown {
  visit(document, {
    Alias(_key, alias) {
      if (alias.resolve(document) !== undefined || !alias.range) return;
      const { line, col } = counter.linePos(alias.range[0]);
      problems.push({
        message: 'not valid YAML: an alias that names no anchor; a text that begins with * stands in quotes',
        path: [],
        line,
        column: col,
      });
    },
  });
  if (problems.length > 0) return null;
  try {
    const value: unknown = document.toJS();
    // An alias inside its own anchor makes a value that holds itself: nothing can be done with one.
    JSON.stringify(value);
    return value;
  } catch (error) {
    problems.push({
      message: `not valid YAML: ${error instanceof Error ? error.message : String(error)}`,
      path: [],
      line: 1,
    });
    return null;
  }
}

function offsetOf(document: Document, path: Problem['path'], key?: string): number | null {
  for (let length = path.length; length >= 0; length--) {
    const parent = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    const sought = length === path.length ? key : path[length];
    const pair = isMap(parent)
      ? parent.items.find((item) => isPair(item) && isScalar(item.key) && item.key.value === sought)
      : undefined;
    const node = pair && isScalar(pair.key) ? pair.key : parent;
    const range = (node as { range?: readonly number[] | null } | null)?.range;
    if (range) return range[0] ?? null;
  }
  return null;
}
