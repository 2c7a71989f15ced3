import type { z } from 'zod';
import type { KeptConfig } from '../../domain/plan/kept-config.ts';
import { asWritten } from './as-written.ts';
import { credentialProblems } from '../secrets/credential-problem.ts';
import { forEachSourceProblems } from './for-each-sources.ts';
import { fileFrame, type FileFrame } from '../schema/file-schema.ts';
import { instanceConflict } from '../environment/instance.ts';
import { isObject } from '../../domain/is-object.ts';
import { probeProblems } from '../schedule/probe-problems.ts';
import { inheritDefaults, isGiven } from './inherit.ts';
import { issueMessage, unknownKeyMessage } from '../hints/issue-message.ts';
import { knownKeys } from '../schema/known-keys.ts';
import { ConfigProblems, type Problem } from './problem.ts';
import { findReferences, variableProblem, type LookUp } from '../secrets/references.ts';
import { maybeSecret, templateKeys } from '../secrets/secrets.ts';
import { missingModules } from './module-files.ts';
import { readSchemaFiles } from './schema-files.ts';
import { keysOfSource, source as sourceSchema, type SourceConfig } from '../schema/source-schemas.ts';
import { suggestKey } from '../hints/suggestion.ts';
import { keyOf, referenceProblems } from './reference-problems.ts';
import { unsetKey } from './unset-key.ts';
import { parseYaml, type YamlFile } from './yaml-file.ts';

type Tree = Record<string, unknown>;

/** A configuration that can be run. */
export interface Config extends Omit<FileFrame, 'sources' | 'defaults'> {
  readonly sources: readonly SourceConfig[];
  /** Hashes of the JSON Schemas that sources name, by path as written. */
  readonly schemas: ReadonlyMap<string, string>;
  /** Variables that sources refer to, and that have no value: those sources fail, the others run. */
  readonly unset: readonly UnsetVariable[];
  /** Set where it comes from the store, because the file was broken when the worker started. */
  readonly kept?: KeptOrigin;
}

/** Where a configuration from the store comes from. */
export interface KeptOrigin extends Pick<KeptConfig, 'savedAt' | 'file' | 'leftOut'> {
  /** Of its JSON Schemas, by hash: their files may have changed, or be gone. */
  readonly schemaTexts: ReadonlyMap<string, string>;
}

export interface UnsetVariable {
  readonly name: string;
  readonly problem: Problem;
}

/**
 * Parses and checks `daybook.yaml`. A variable that has no value is not a problem of the file: see `Config.unset`.
 * @param file name to show in problems
 * @param schemaTexts texts of JSON Schemas by path as written, which are used instead of their files
 * @throws ConfigProblems with everything that is wrong, in order of lines
 */
export function parseConfig(
  text: string,
  file: string,
  lookUp: LookUp,
  schemaTexts?: ReadonlyMap<string, string>,
): Config {
  const yaml = parseYaml(text);
  if (yaml.problems.length > 0) throw new ConfigProblems(file, yaml.problems);
  if (!isObject(yaml.value)) {
    throw new ConfigProblems(file, [{ path: [], line: 1, message: shapeProblem(text, yaml.value) }]);
  }
  const root = asWritten(yaml, yaml.value);
  const frame = fileFrame.safeParse(root, { reportInput: true });
  const { sources, problems: sourceProblems } = checkSources(root, yaml);
  const schemas = readSchemaFiles(file, sources, schemaTexts);
  const problems = [
    ...(frame.success ? [] : problemsOf(frame.error, fileFrame, root, yaml, [])),
    ...sourceProblems,
    ...sharedNames(root),
    ...forEachSourceProblems(completeSources(root)),
    ...defaultsProblems(root, yaml),
    ...referenceProblems(root),
    ...instanceProblems(root, lookUp),
    ...credentialsIn(root),
    ...schemas.problems,
    ...missingModules(file, sources),
  ];
  const unset = [
    ...unsetVariables(root, yaml, lookUp),
    ...unsetKey(sources, lookUp, (path) => lineAndColumn(yaml, path)),
  ];
  if (problems.length > 0 || !frame.success) {
    const found = [...firstOfEach(problems, yaml), ...unset.map(({ problem }) => problem)];
    throw new ConfigProblems(file, inOrder(found, yaml));
  }
  const { defaults: _, ...rest } = frame.data;
  return {
    ...rest,
    sources: sources.filter((source) => source !== null),
    schemas: schemas.hashes,
    unset,
  };
}

/** What is wrong with a file whose content is not an object. */
function shapeProblem(text: string, value: unknown): string {
  const expected = 'expected version: 1 and a list of sources';
  if (Array.isArray(value)) return `found a list, ${expected}: write sources: before it`;
  if (value === null) return `found nothing, ${expected}; ./daybook init ADDRESS proposes one`;
  if (/^\s*</.test(text)) return `found markup, ${expected}`;
  const isOtherFormat = /^\s*[\w.-]+\s*=/m.test(text);
  return `found ${isOtherFormat ? 'keys with =' : 'a text'}, ${expected}${isOtherFormat ? ', with a colon after each key' : ''}`;
}

interface CheckedSources {
  /** Those that can be read; null instead of one that cannot. */
  readonly sources: readonly (SourceConfig | null)[];
  readonly problems: readonly Problem[];
}

/** The sources of a file as they are written, with what they inherit; null for entries that are not objects. */
export function completeSources({ sources, defaults }: Tree): readonly (Tree | null)[] {
  if (!Array.isArray(sources)) return [];
  return sources.map((entry: unknown) =>
    isObject(entry) ? inheritDefaults(isObject(defaults) ? defaults : {}, entry) : null,
  );
}

function checkSources(root: Tree, yaml: YamlFile): CheckedSources {
  const entries: readonly unknown[] = Array.isArray(root['sources']) ? root['sources'] : [];
  const checked = completeSources(root).map((complete, index): { source: SourceConfig | null; problems: Problem[] } => {
    const path = ['sources', index];
    if (complete === null) {
      return { source: null, problems: [{ path, message: entryProblem(entries[index]) }] };
    }
    const result = sourceSchema.safeParse(complete, { reportInput: true });
    const ofProbe = probeProblems(complete).map(({ key, message }) => ({ path: place(yaml, path, key), message }));
    if (result.success) return { source: result.data, problems: ofProbe };
    return { source: null, problems: [...problemsOf(result.error, sourceSchema, complete, yaml, path), ...ofProbe] };
  });
  return { sources: checked.map(({ source }) => source), problems: checked.flatMap(({ problems }) => problems) };
}

function entryProblem(entry: unknown): string {
  if (Array.isArray(entry)) return 'found a list, expected one dash before each source';
  const isAddress = typeof entry === 'string' && /^https?:/.test(entry);
  return `found ${entry === null ? 'nothing' : isAddress ? 'an address' : 'a text'}, expected an object: { name: …, type: …, … }`;
}

function problemsOf(
  error: z.ZodError,
  schema: z.core.$ZodType,
  value: unknown,
  yaml: YamlFile,
  base: readonly (string | number)[],
): Problem[] {
  const meant = keysMeant(error.issues, schema, value);
  return error.issues.flatMap((issue): Problem[] => {
    const inner = issue.path.map((part) => (typeof part === 'number' ? part : String(part)));
    const path = place(yaml, base, inner);
    if (issue.code !== 'unrecognized_keys') {
      // A misspelt key is reported as misspelt, and not as missing too.
      const message = issueMessage(issue, path, maybeSecret(path) || /^(?:headers|params)$/.test(String(path.at(-1))));
      if (/^(?:is required|expected every)/.test(message) && meant.has(inner.join('.'))) return [];
      const needed = /^found \$\{.*, expected (paginator|incremental|for_each)\b/.exec(message)?.[1];
      if (needed !== undefined && meant.has(needed)) return [];
      return [{ path, message }];
    }
    const known = knownKeys(schema, inner, value);
    return issue.keys.map((key) => ({
      path,
      message: unknownKeyMessage(key, known),
      ...lineAndColumn(yaml, path, key),
    }));
  });
}

/** Paths of the keys that unknown keys probably meant, and of the objects that contain these. */
function keysMeant(issues: readonly z.core.$ZodIssue[], schema: z.core.$ZodType, value: unknown): ReadonlySet<string> {
  const places = issues.flatMap((issue) => {
    if (issue.code !== 'unrecognized_keys') return [];
    const inner = issue.path.map(String);
    const known = knownKeys(schema, issue.path, value);
    const suggested = issue.keys.map((key) => suggestKey(key, known)?.split('.')[0] ?? null);
    // A body is what a query is sent in.
    if (issue.keys.includes('body') && known.includes('variables')) suggested.push('query');
    const misplaced = issue.keys.filter((key) => inner.length > 0 && keysOfSource(null).has(key));
    return [
      ...suggested.flatMap((key) => (key === null ? [] : [[...inner, key].join('.'), inner.join('.')])),
      ...misplaced,
    ];
  });
  return new Set(places.filter((one) => one !== ''));
}

/** Where a value of a source is written: in the source, or in `defaults` if it is inherited. */
function place(yaml: YamlFile, base: readonly (string | number)[], inner: readonly (string | number)[]) {
  const own = [...base, ...inner];
  const inherited = ['defaults', ...inner];
  return base.length > 0 && inner.length > 0 && !yaml.has(own) && yaml.has(inherited) ? inherited : own;
}

function sharedNames({ sources }: Tree): Problem[] {
  if (!Array.isArray(sources)) return [];
  const firstOf = new Map<string, number>();
  return sources.flatMap((entry: unknown, index): Problem[] => {
    const name = isObject(entry) ? entry['name'] : undefined;
    if (typeof name !== 'string') return [];
    const first = firstOf.get(name) ?? index;
    firstOf.set(name, first);
    if (first === index) return [];
    return [
      {
        path: ['sources', index, 'name'],
        message: `found "${name}", which is also the name of sources[${first}], expected another one`,
      },
    ];
  });
}

/** What is wrong with `defaults` itself; its values are checked in the sources that inherit them. */
function defaultsProblems({ defaults }: Tree, yaml: YamlFile): Problem[] {
  if (!isObject(defaults)) return [];
  const known = [...keysOfSource(null)].filter((key) => key !== 'name');
  const problems: Problem[] = Object.keys(defaults)
    .filter((key) => !known.includes(key))
    .map((key) => ({
      path: ['defaults'],
      message:
        key === 'name' ? 'unknown key "name", expected none: each source has its own' : unknownKeyMessage(key, known),
      ...lineAndColumn(yaml, ['defaults'], key),
    }));
  const { schedule } = defaults;
  if (isObject(schedule) && isGiven(schedule['every']) && isGiven(schedule['cron'])) {
    problems.push({ path: ['defaults', 'schedule'], message: 'found both every and cron, expected only one of them' });
  }
  return problems;
}

function instanceProblems({ instance }: Tree, lookUp: LookUp): Problem[] {
  const message = typeof instance === 'string' ? instanceConflict(instance, lookUp) : null;
  return message === null ? [] : [{ path: ['instance'], message }];
}

function credentialsIn({ sources, defaults }: Tree): Problem[] {
  const listed = Array.isArray(sources) ? sources : [];
  return [
    ...listed.flatMap((source: unknown, index) => credentialProblems(source, ['sources', index])),
    ...credentialProblems(defaults, ['defaults']),
  ];
}

function unsetVariables(root: Tree, yaml: YamlFile, lookUp: LookUp): UnsetVariable[] {
  return findReferences(root).flatMap(({ path, name, escaped }): UnsetVariable[] => {
    if (escaped && templateKeys.includes(keyOf(path))) return [];
    const message = name === null ? null : variableProblem(name, lookUp);
    return name === null || message === null
      ? []
      : [{ name, problem: { path, message, ...lineAndColumn(yaml, path) } }];
  });
}

/** The first of several problems with one value; the others mostly follow from it. */
function firstOfEach(problems: readonly Problem[], yaml: YamlFile): Problem[] {
  const seen = new Set<string>();
  return problems.filter((problem) => {
    const { line, column } = problem.line === undefined ? lineAndColumn(yaml, problem.path) : problem;
    const key = `${line}:${column}:${problem.path.join('.')}`;
    return !seen.has(key) && seen.add(key);
  });
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
