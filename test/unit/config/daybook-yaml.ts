import { parseConfig, type Config } from '../../../src/config/file/parse-config.ts';
import { ConfigProblems, type Problem } from '../../../src/config/file/problem.ts';
import type { SourceConfig } from '../../../src/config/schema/source-schemas.ts';

export type Variables = Readonly<Record<string, string>>;

/** A `daybook.yaml` of sources (see {@link http}, {@link file}), with lines before them. */
export function daybookYaml(sources: readonly string[], ...top: readonly string[]): string {
  return ['version: 1', ...top, 'sources:', ...sources].join('\n');
}

/** A source that is fetched over HTTP; each line replaces the key it begins with, or adds one. */
export function http(...lines: readonly string[]): string {
  return source(
    ['name: quakes', 'type: http_json', 'url: https://api.test/quakes', 'id: id', 'occurred_at: at'],
    lines,
  );
}

/** A source that is read from a file. */
export function file(...lines: readonly string[]): string {
  return source(['name: archive', 'type: file', 'path: archive.ndjson', 'id: id', 'occurred_at: at'], lines);
}

function source(given: readonly string[], lines: readonly string[]): string {
  const keys = new Map([...given, ...lines].map((line) => [keyOf(line), line]));
  return [...keys.values()].map((line, index) => `  ${index === 0 ? '- ' : '  '}${line}`).join('\n');
}

function keyOf(line: string): string {
  return line.slice(0, line.indexOf(':'));
}

export function parse(text: string, variables: Variables = {}): Config {
  return parseConfig(text, 'daybook.yaml', (name) => variables[name]);
}

/** The only source of a configuration. */
export function parseSource(text: string, variables: Variables = {}): SourceConfig {
  const [only, ...others] = parse(text, variables).sources;
  if (!only || others.length > 0) throw new Error('expected one source');
  return only;
}

/** Everything wrong with a configuration, variables without a value too; else nothing. Other errors are thrown on. */
export function problemsIn(text: string, variables: Variables = {}): readonly Problem[] {
  try {
    return parse(text, variables).unset.map(({ problem }) => problem);
  } catch (error) {
    if (error instanceof ConfigProblems) return error.problems;
    throw error;
  }
}

/** The same, as `path: message`. */
export function complaints(text: string, variables: Variables = {}): string[] {
  return problemsIn(text, variables).map(({ path, message }) => `${path.join('.')}: ${message}`);
}
