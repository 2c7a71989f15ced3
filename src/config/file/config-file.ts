import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { messageOf } from '../../domain/errors.ts';
import { fileVersion } from './file-version.ts';
import { instanceChange } from '../environment/instance.ts';
import type { GoodConfig } from './kept-config.ts';
import { parseConfig, type Config } from './parse-config.ts';
import { ConfigProblems } from './problem.ts';
import { valueOf, type LookUp } from '../secrets/references.ts';

/**
 * Reads a configuration once.
 * @throws ConfigProblems, also where the file cannot be read
 */
export function readConfig(file: string, lookUp: LookUp): Config {
  return parseConfig(readText(file), file, lookUp);
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigProblems(file, [
      { path: [], message: `cannot be read (${messageOf(error)}); name a configuration with --config` },
    ]);
  }
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
  /** Tells of the file's present content, if that is good, and of each that is found good later. */
  onGood(listen: (good: GoodConfig) => void): void;
}

/**
 * Opens a configuration file. There is always a configuration to go by: the file's own, or `kept`.
 * @param kept the last good one of an earlier worker, for a file that is broken now; null = there is none
 * @throws ConfigProblems where the file is broken, and there is no such one
 */
export function openConfigFile(file: string, lookUp: LookUp, kept: Config | null = null): ConfigFile {
  const listeners: ((good: GoodConfig) => void)[] = [];
  let good = kept;
  let text: string | null = null;
  let seen: string | null = null;
  let broken: ConfigProblems | null = null;
  const read = (): Config => {
    try {
      const found = readText(file);
      const config = parseConfig(found, file, lookUp);
      if (good) assertSameInstance(config, good, lookUp, file);
      [good, text, seen, broken] = [config, found, versionOf(file, config), null];
      for (const listen of listeners) listen({ text: found, config });
      return config;
    } catch (error) {
      if (!(error instanceof ConfigProblems) || good === null) throw error;
      broken = error;
      // Whoever keeps the secrets of a configuration has to see that there are more.
      if (isAnySet(good, lookUp)) good = { ...good, unset: good.unset.filter(({ name }) => !isSet(name, lookUp)) };
      return good;
    }
  };
  let current = read();
  return {
    file,
    current() {
      const version = versionOf(file, current);
      // A broken one is read each time: it may be a file that was missing.
      if (version !== seen || version === null || broken || isAnySet(current, lookUp)) current = read();
      return { config: current, broken };
    },
    lastGood: () => current,
    onGood(listen) {
      listeners.push(listen);
      if (text !== null && !broken) listen({ text, config: current });
    },
  };
}

/** Whatever runs has ids and a queue of its instance: a file that names another one is for the next start. */
function assertSameInstance(config: Config, before: Config, lookUp: LookUp, file: string): void {
  const message = instanceChange(before.instance, config.instance, lookUp);
  if (message !== null) throw new ConfigProblems(file, [{ path: ['instance'], message }]);
}

/** Whether a variable has a value by now that had none. */
function isAnySet(config: Config, lookUp: LookUp): boolean {
  return config.unset.some(({ name }) => isSet(name, lookUp));
}

/** What a variable holds that had no value is a secret from now on: whoever has read the configuration has to know. */
function isSet(name: string, lookUp: LookUp): boolean {
  return valueOf(name, lookUp) !== undefined;
}

/** Changes with the file, and with each JSON Schema and module that it names; null where one of them is not there. */
function versionOf(file: string, config: Config): string | null {
  const modules = config.sources.flatMap((source) => (source.type === 'module' ? source.module : []));
  const others = [...config.schemas.keys(), ...modules].map((path) => resolve(dirname(file), path));
  try {
    return [file, ...others].map(fileVersion).join();
  } catch {
    return null;
  }
}
