import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { messageOf } from '../../domain/errors.ts';
import { fileVersion } from './file-version.ts';
import { instanceChange } from '../environment/instance.ts';
import type { GoodConfig } from './kept-config.ts';
import { parseConfig, type Config } from './parse-config.ts';
import { ConfigProblems } from './problem.ts';
import { remoteConfigOf } from './remote-files.ts';
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
      {
        path: [],
        message: `cannot be read (${remoteConfigOf(file)?.problem ?? messageOf(error)}); name a configuration with --config`,
      },
    ]);
  }
}

/** What a {@link ConfigFile} found at its last look. */
export interface CurrentConfig {
  readonly config: Config;
  /** Why the file as it is cannot be used; `config` is then the last good one. */
  readonly broken: ConfigProblems | null;
}

/** A configuration file that is read repeatedly; after a broken edit the last good version stays in use. */
export interface ConfigFile {
  readonly file: string;
  /** Checks the file: a broken one is read each time. */
  current(): CurrentConfig;
  /** The last good one found so far, without reading again. */
  lastGood(): Config;
  /** Calls back with the file's present content if that is valid, and with each valid content found later. */
  onGood(listen: (good: GoodConfig) => void): void;
}

/**
 * Opens a configuration file. There is always a configuration in use: the file's own, or `kept`.
 * @param kept the last good one of an earlier worker, for a file that is broken now; null = there is none
 * @throws ConfigProblems if the file is broken, and there is no such one
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
      // The holder of a configuration's secrets has to learn of the new ones.
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

/** A running process has the ids and the queue of its instance: a file that names another instance counts from the next start. */
function assertSameInstance(config: Config, before: Config, lookUp: LookUp, file: string): void {
  const message = instanceChange(before.instance, config.instance, lookUp);
  if (message !== null) throw new ConfigProblems(file, [{ path: ['instance'], message }]);
}

/** Whether a variable that had no value has one now. */
function isAnySet(config: Config, lookUp: LookUp): boolean {
  return config.unset.some(({ name }) => isSet(name, lookUp));
}

/** The value of a variable that had none is a secret from now on: every reader of the configuration has to know it. */
function isSet(name: string, lookUp: LookUp): boolean {
  return valueOf(name, lookUp) !== undefined;
}

/** Changes with the file, and with each JSON Schema and module that it names; null if one of them is not there. */
function versionOf(file: string, config: Config): string | null {
  const modules = config.sources.flatMap((source) => (source.type === 'module' ? source.module : []));
  const others = [...config.schemas.keys(), ...modules].map((path) => resolve(dirname(file), path));
  try {
    return [file, ...others].map(fileVersion).join();
  } catch {
    return null;
  }
}
