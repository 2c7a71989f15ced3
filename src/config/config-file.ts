import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { messageOf } from '../domain/errors.ts';
import { fileVersion } from './file-version.ts';
import { parseConfig, type Config } from './parse-config.ts';
import { ConfigProblems } from './problem.ts';
import type { LookUp } from './references.ts';

/**
 * Reads a configuration once.
 * @throws ConfigProblems, also where the file cannot be read
 */
export function readConfig(file: string, lookUp: LookUp): Config {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigProblems(file, [
      { path: [], message: `cannot be read (${messageOf(error)}), expected a configuration; name one with --config` },
    ]);
  }
  return parseConfig(text, file, lookUp);
}

/** What a {@link ConfigFile} found at its last look. */
export interface CurrentConfig {
  readonly config: Config;
  /** Why the file as it stands cannot be used; `config` is then the last good one. */
  readonly broken: ConfigProblems | null;
}

/** A configuration file that is looked at again and again; a broken edit keeps the last good one. */
export interface ConfigFile {
  readonly file: string;
  /** Looks at the file: a broken one is read each time. */
  current(): CurrentConfig;
  /** The last good one that somebody found, without another look. */
  lastGood(): Config;
}

/**
 * Opens a configuration file that is good now: so there is always one to go by.
 * @throws ConfigProblems where it is not
 */
export function openConfigFile(file: string, lookUp: LookUp): ConfigFile {
  let good = readConfig(file, lookUp);
  let seen = versionOf(file, good);
  let broken: ConfigProblems | null = null;
  return {
    file,
    current() {
      const version = versionOf(file, good);
      // A broken one is read each time: it may be a variable that was missing.
      if (version !== seen || version === null || broken) {
        seen = version;
        try {
          good = readConfig(file, lookUp);
          seen = versionOf(file, good);
          broken = null;
        } catch (error) {
          if (!(error instanceof ConfigProblems)) throw error;
          broken = error;
        }
      }
      return { config: good, broken };
    },
    lastGood: () => good,
  };
}

/** Changes with the file and with each JSON Schema that it names; null where one of them is not there. */
function versionOf(file: string, config: Config): string | null {
  const schemas = [...config.schemas.keys()].map((path) => resolve(dirname(file), path));
  try {
    return [file, ...schemas].map(fileVersion).join();
  } catch {
    return null;
  }
}
