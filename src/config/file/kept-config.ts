import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { sha256 } from '../../formats/sha256.ts';
import type { KeptConfig, LeftOut } from '../../domain/plan/kept-config.ts';
import { createRedactor } from '../../domain/secrets/redact.ts';
import { asWritten } from './as-written.ts';
import { literalSecretsOf } from '../secrets/literal-secrets.ts';
import { completeSources, parseConfig, type Config } from './parse-config.ts';
import { ConfigProblems } from './problem.ts';
import { shownPath } from './remote-files.ts';
import type { LookUp } from '../secrets/references.ts';
import { schemaHash } from '../../formats/schema-hash.ts';
import { isObject } from '../../domain/is-object.ts';
import { parseYaml } from './yaml-file.ts';

/** A configuration that was read, with the text that it was read from. */
export interface GoodConfig {
  readonly text: string;
  readonly config: Config;
}

/**
 * What is kept of a good configuration: its values, and not its text, for a comment or an unused anchor may hold a secret.
 * @returns null if its schemas or modules have changed since it was read: the next check will show it
 */
export function configToKeep({ text, config }: GoodConfig, file: string): Omit<KeptConfig, 'savedAt'> | null {
  const yaml = parseYaml(text);
  if (!isObject(yaml.value)) return null;
  const root = asWritten(yaml, yaml.value);
  const { defaults: _, sources: __, ...frame } = root;
  const folder = dirname(file);
  const written = completeSources(root).filter((source) => source !== null);
  const schemas = new Map<string, string>();
  for (const [path, hash] of config.schemas) {
    const schema = textOf(resolve(folder, path));
    if (schema === null || schemaHash(schema) !== hash) return null;
    schemas.set(path, schema);
  }
  const secrets = written.map(literalSecretsOf);
  // A secret of one source must not be written down in another one either.
  const redact = createRedactor(secrets.flat().map(({ value }) => value));
  const kept: Record<string, unknown>[] = [];
  const leftOut: LeftOut[] = [];
  for (const [index, source] of written.entries()) {
    const places = [...new Set((secrets[index] ?? []).map(({ place }) => place))];
    const schema = typeof source['schema'] === 'string' ? (schemas.get(source['schema']) ?? '') : '';
    const content = `${JSON.stringify(source)}\n${schema}`;
    if (places.length > 0) leftOut.push({ source: nameOf(source), reason: literalReason(places) });
    else if (redact(content) === content) kept.push(source);
    else leftOut.push({ source: nameOf(source), reason: 'it contains a literal secret of another source' });
  }
  const used = (key: string) => new Set(kept.flatMap((source) => (typeof source[key] === 'string' ? source[key] : [])));
  const modules: Record<string, string> = {};
  for (const path of used('module')) {
    const hash = moduleHash(resolve(folder, path));
    if (hash === null) return null;
    modules[path] = hash;
  }
  return {
    file: shownPath(file),
    config: { ...frame, sources: kept },
    schemas: Object.fromEntries([...schemas].filter(([path]) => used('schema').has(path))),
    modules,
    leftOut,
  };
}

/**
 * Makes a configuration of one that was kept. Sources whose module is not as it was are left out.
 * @param file that the configuration is read from where it is good: paths are relative to it
 * @throws ConfigProblems if nothing in it can be used
 */
export function openKeptConfig(kept: KeptConfig, file: string, lookUp: LookUp): Config {
  const { sources = [], ...frame } = kept.config as { readonly sources?: readonly Record<string, unknown>[] };
  const leftOut = [...kept.leftOut];
  const usable = sources.filter((source) => {
    const { module: path } = source;
    if (typeof path !== 'string') return true;
    const hash = moduleHash(resolve(dirname(file), path));
    if (hash === (kept.modules[path] ?? '')) return true;
    leftOut.push({
      source: nameOf(source),
      reason: `its module ${path} ${hash === null ? 'is missing' : 'has changed'}`,
    });
    return false;
  });
  leaveOutChildren(usable, leftOut);
  if (usable.length === 0) {
    throw new ConfigProblems(file, [
      {
        path: [],
        message: `the last good configuration has no usable source: ${leftOutText(leftOut)}`,
      },
    ]);
  }
  const schemas = new Map(Object.entries(kept.schemas));
  const config = parseConfig(JSON.stringify({ ...frame, sources: usable }), file, lookUp, schemas);
  const texts = new Map([...schemas.values()].map((text) => [schemaHash(text), text]));
  return { ...config, kept: { savedAt: kept.savedAt, file: kept.file, leftOut, schemaTexts: texts } };
}

/** A source that is requested for each record of one that is left out has no parents that anyone knows of. */
function leaveOutChildren(usable: Readonly<Record<string, unknown>>[], leftOut: LeftOut[]): void {
  for (let index = 0; index < usable.length; index++) {
    const source = usable[index] ?? {};
    const { for_each: each } = source;
    const parent = isObject(each) ? each['source'] : undefined;
    if (typeof parent !== 'string' || usable.some(({ name }) => name === parent)) continue;
    usable.splice(index, 1);
    leftOut.push({ source: nameOf(source), reason: `its for_each names ${parent}, which is left out` });
    // Others may be requested for its records.
    index = -1;
  }
}

/** `a (it has a literal secret in auth.token), b (its module b.ts has changed)` */
export function leftOutText(leftOut: readonly LeftOut[]): string {
  return leftOut.map(({ source, reason }) => `${source} (${reason})`).join(', ');
}

function literalReason(places: readonly string[]): string {
  return `it has a literal secret in ${places.join(', ')}, expected \${env:NAME}`;
}

function nameOf(source: Readonly<Record<string, unknown>>): string {
  return String(source['name']);
}

function textOf(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

function moduleHash(file: string): string | null {
  const text = textOf(file);
  return text === null ? null : sha256(text);
}
