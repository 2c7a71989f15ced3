import { isObject } from '../../domain/is-object.ts';
import type { Problem } from './problem.ts';
import type { YamlFile } from './yaml-file.ts';

type Tree = Record<string, unknown>;

/**
 * The file's content as it is meant: keys left empty at the top count as absent, and numbers among headers and parameters
 * keep their text (`version: 1.10` asks for 1.10, not 1.1).
 */
export function asWritten(yaml: YamlFile, root: Tree): Tree {
  const filled = Object.fromEntries(Object.entries(root).filter(([, value]) => value !== null));
  const { defaults, sources } = filled;
  return {
    ...filled,
    ...(isObject(defaults) ? { defaults: withTexts(yaml, defaults, ['defaults']) } : {}),
    ...(Array.isArray(sources)
      ? {
          sources: sources.map((source: unknown, index) =>
            isObject(source) ? withTexts(yaml, source, ['sources', index]) : source,
          ),
        }
      : {}),
  };
}

function withTexts(yaml: YamlFile, source: Tree, path: Problem['path']): Tree {
  const texts: Tree = {};
  for (const where of ['headers', 'params']) {
    const values = source[where];
    if (!isObject(values)) continue;
    texts[where] = Object.fromEntries(
      Object.entries(values).map(([name, value]) => [
        name,
        Array.isArray(value)
          ? value.map((one: unknown, index) => textOf(yaml, one, [...path, where, name, index]))
          : textOf(yaml, value, [...path, where, name]),
      ]),
    );
  }
  return { ...source, ...texts };
}

function textOf(yaml: YamlFile, value: unknown, path: Problem['path']): unknown {
  return typeof value === 'number' ? (yaml.source(path) ?? value) : value;
}
