import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { messageOf } from '../../domain/errors.ts';
import { compileSchema } from '../../formats/json-schema.ts';
import { createWatchdog, TimedOut } from '../../formats/watchdog.ts';
import type { Problem } from './problem.ts';
import { shownPath } from './remote-files.ts';
import type { SourceConfig } from '../schema/source-schemas.ts';
import { schemaHash } from '../../formats/schema-hash.ts';

export interface SchemaFiles {
  /** Hashes of the contents, by path as written. */
  readonly hashes: ReadonlyMap<string, string>;
  readonly problems: readonly Problem[];
}

/** Comparing 10,000 values of an `enum` with each other takes about as long (measured). */
const maxCompileMs = 5_000;

/** Contents that have been compiled before, good or not: many sources may share a schema, and the file is read often. */
const verdicts = new Map<string, string | null>();

/**
 * Reads the JSON Schemas that sources name, each once.
 * @param kept texts by path as written, which are used instead of the files
 */
export function readSchemaFiles(
  configFile: string,
  sources: readonly (SourceConfig | null)[],
  kept: ReadonlyMap<string, string> = new Map(),
): SchemaFiles {
  const hashes = new Map<string, string>();
  const faults = new Map<string, string>();
  const problems: Problem[] = [];
  for (const [index, source] of sources.entries()) {
    const path = source?.schema;
    if (path === undefined) continue;
    if (!hashes.has(path) && !faults.has(path)) {
      const read = readSchema(resolve(dirname(configFile), path), kept.get(path));
      if (read.problem === null) hashes.set(path, read.hash);
      else faults.set(path, read.problem);
    }
    const fault = faults.get(path);
    if (fault !== undefined) problems.push({ path: ['sources', index, 'schema'], message: `${path}: ${fault}` });
  }
  return { hashes, problems };
}

function readSchema(file: string, kept?: string): { readonly hash: string; readonly problem: string | null } {
  let text: string;
  try {
    text = kept ?? readFileSync(file, 'utf8');
  } catch (error) {
    return {
      hash: '',
      problem: `cannot be read (${messageOf(error).replaceAll(file, shownPath(file))}), expected a JSON Schema`,
    };
  }
  const hash = schemaHash(text);
  const known = verdicts.get(hash);
  if (known !== undefined) return { hash, problem: known };
  const problem = problemOf(text);
  verdicts.set(hash, problem);
  return { hash, problem };
}

function problemOf(text: string): string | null {
  try {
    createWatchdog()(maxCompileMs, () => compileSchema(JSON.parse(text)));
    return null;
  } catch (error) {
    if (error instanceof TimedOut) {
      return `takes more than ${maxCompileMs / 1_000} s to compile, expected milliseconds: simplify it, or shorten its enum`;
    }
    return `not a JSON Schema (${messageOf(error)})`;
  }
}
