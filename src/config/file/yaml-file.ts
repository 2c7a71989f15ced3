import { isMap, isPair, isScalar, LineCounter, type Document } from 'yaml';
import type { Problem } from './problem.ts';
import { yamlFault, type YamlFault } from './yaml-fault.ts';
import { misreadings } from './yaml-meaning.ts';
import { openYaml, plainValue } from './yaml-value.ts';

/** A parsed YAML (or JSON) file whose values know their lines. */
export interface YamlFile {
  readonly value: unknown;
  /** The first syntax error, if there is one; `value` is then meaningless. */
  readonly problems: readonly Problem[];
  /** The text of a scalar as it is written; null if there is none. */
  source(path: Problem['path']): string | null;
  /** Whether the file itself has something at the path. */
  has(path: Problem['path']): boolean;
  /** Line and column of the value (or, with `key`, of that key in it); of the nearest parent where it is absent. */
  locate(path: Problem['path'], key?: string): { readonly line: number; readonly column: number } | null;
}

export function parseYaml(text: string): YamlFile {
  const counter = new LineCounter();
  const document = openYaml(text, counter);
  const fault = yamlFault(text, document.errors) ?? misreadings(document)[0] ?? null;
  const { value, problem } = fault ? { value: null, problem: problemAt(fault, counter) } : plainValue(document);
  return {
    value,
    problems: problem ? [problem] : [],
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

function problemAt({ offset, message }: YamlFault, counter: LineCounter): Problem {
  const { line, col } = counter.linePos(offset);
  return { message: `not valid YAML: ${message}`, path: [], line, column: col };
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
