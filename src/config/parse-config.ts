import type { z } from 'zod';
import { messageOf } from '../domain/errors.ts';
import { asWritten } from './as-written.ts';
import { fileFrame, type FileFrame } from './file-schema.ts';
import { inheritDefaults, isGiven, isTree } from './inherit.ts';
import { issueMessage, unknownKeyMessage } from './issue-message.ts';
import { knownKeys } from './known-keys.ts';
import { ConfigProblems, type Problem } from './problem.ts';
import { findReferences, type LookUp } from './references.ts';
import { keysWithReferences, maybeSecret } from './secrets.ts';
import { missingModules } from './module-files.ts';
import { readSchemaFiles } from './schema-files.ts';
import { keysOfSource, source as sourceSchema, type SourceConfig } from './source-schemas.ts';
import { parseYaml, type YamlFile } from './yaml-file.ts';

type Tree = Record<string, unknown>;

/** A configuration that can be run. */
export interface Config extends Omit<FileFrame, 'sources' | 'defaults'> {
  readonly sources: readonly SourceConfig[];
  /** Hashes of the JSON Schemas that sources name, by path as written. */
  readonly schemas: ReadonlyMap<string, string>;
}

/**
 * Parses and checks `daybook.yaml`.
 * @param file name to show in problems
 * @throws ConfigProblems with everything that is wrong, in order of lines
 */
export function parseConfig(text: string, file: string, lookUp: LookUp): Config {
  const yaml = parseYaml(text);
  if (yaml.problems.length > 0) throw new ConfigProblems(file, yaml.problems);
  if (!isTree(yaml.value)) {
    throw new ConfigProblems(file, [{ path: [], message: 'expected version: 1 and a list of sources' }]);
  }
  const root = asWritten(yaml, yaml.value);
  const problems: Problem[] = [];
  const frame = fileFrame.safeParse(root, { reportInput: true });
  if (!frame.success) problems.push(...problemsOf(frame.error, fileFrame, root, yaml, []));
  const sources = checkSources(root, yaml, problems);
  problems.push(...sharedNames(root), ...defaultsProblems(root, yaml));
  const schemas = readSchemaFiles(file, sources);
  problems.push(...referenceProblems(root, lookUp), ...schemas.problems);
  problems.push(...missingModules(file, sources));
  if (problems.length > 0 || !frame.success) throw new ConfigProblems(file, inOrder(problems, yaml));
  const { defaults: _, ...rest } = frame.data;
  return { ...rest, sources: sources.filter((source) => source !== null), schemas: schemas.hashes };
}

/** The sources that can be read; null in the place of one that cannot. */
function checkSources({ sources, defaults }: Tree, yaml: YamlFile, problems: Problem[]): (SourceConfig | null)[] {
  if (!Array.isArray(sources)) return [];
  return sources.map((entry: unknown, index) => {
    const path = ['sources', index];
    if (!isTree(entry)) {
      problems.push({ path, message: 'expected an object with name, type and so on' });
      return null;
    }
    const complete = inheritDefaults(isTree(defaults) ? defaults : {}, entry);
    const checked = sourceSchema.safeParse(complete, { reportInput: true });
    if (checked.success) return checked.data;
    problems.push(...problemsOf(checked.error, sourceSchema, complete, yaml, path));
    return null;
  });
}

function problemsOf(
  error: z.ZodError,
  schema: z.core.$ZodType,
  value: unknown,
  yaml: YamlFile,
  base: readonly (string | number)[],
): Problem[] {
  return error.issues.flatMap((issue): Problem[] => {
    const inner = issue.path.map((part) => (typeof part === 'number' ? part : String(part)));
    const path = place(yaml, base, inner);
    if (issue.code !== 'unrecognized_keys') return [{ path, message: issueMessage(issue, maybeSecret(path)) }];
    const known = knownKeys(schema, inner, value);
    return issue.keys.map((key) => ({
      path,
      message: unknownKeyMessage(key, known),
      ...lineAndColumn(yaml, path, key),
    }));
  });
}

/** Where a value of a source stands: in the source, or in `defaults` where it was inherited. */
function place(yaml: YamlFile, base: readonly (string | number)[], inner: readonly (string | number)[]) {
  const own = [...base, ...inner];
  const inherited = ['defaults', ...inner];
  return base.length > 0 && inner.length > 0 && !yaml.has(own) && yaml.has(inherited) ? inherited : own;
}

function sharedNames({ sources }: Tree): Problem[] {
  if (!Array.isArray(sources)) return [];
  const names = sources.map((entry: unknown) => (isTree(entry) ? entry['name'] : undefined));
  return names.flatMap((name, index): Problem[] => {
    const first = names.indexOf(name);
    if (typeof name !== 'string' || first === index) return [];
    return [{ path: ['sources', index, 'name'], message: `found "${name}", which sources[${first}] bears already` }];
  });
}

/** What is wrong with `defaults` by itself; its values are checked in the sources that inherit them. */
function defaultsProblems({ defaults }: Tree, yaml: YamlFile): Problem[] {
  if (!isTree(defaults)) return [];
  const known = [...keysOfSource(null)].filter((key) => key !== 'name');
  const problems: Problem[] = Object.keys(defaults)
    .filter((key) => !known.includes(key))
    .map((key) => ({
      path: ['defaults'],
      message: unknownKeyMessage(key, known),
      ...lineAndColumn(yaml, ['defaults'], key),
    }));
  const { schedule } = defaults;
  if (isTree(schedule) && isGiven(schedule['every']) && isGiven(schedule['cron'])) {
    problems.push({ path: ['defaults', 'schedule'], message: 'found every and cron, expected one of them' });
  }
  return problems;
}

function referenceProblems(root: Tree, lookUp: LookUp): Problem[] {
  return findReferences(root).flatMap(({ path, name, text }): Problem[] => {
    if (name === null) return [{ path, message: `found ${text}, expected \${env:NAME}` }];
    const key = path[path[0] === 'sources' ? 2 : 1];
    if (!keysWithReferences.some((known) => known === key)) {
      const message = `found ${text}, which is filled in only in ${keysWithReferences.join(', ')}; expected the value itself`;
      return [{ path, message }];
    }
    const problem = variableProblem(name, lookUp);
    return problem === null ? [] : [{ path, message: problem }];
  });
}

function variableProblem(name: string, lookUp: LookUp): string | null {
  try {
    if (lookUp(name) !== undefined) return null;
  } catch (error) {
    return messageOf(error);
  }
  return `environment variable ${name} is not set, expected it (or ${name}_FILE, or a line in .env)`;
}

function inOrder(problems: readonly Problem[], yaml: YamlFile): Problem[] {
  const seen = new Set<string>();
  return problems
    .map((problem) => (problem.line === undefined ? { ...problem, ...lineAndColumn(yaml, problem.path) } : problem))
    .filter((problem) => {
      const key = `${problem.line}:${problem.column}:${problem.path.join('.')}:${problem.message}`;
      return !seen.has(key) && seen.add(key);
    })
    .sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
}

function lineAndColumn(yaml: YamlFile, path: Problem['path'], key?: string): { line?: number; column?: number } {
  return yaml.locate(path, key) ?? {};
}
