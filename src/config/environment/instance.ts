import { readFileSync } from 'node:fs';
import { Instance, defaultInstance, instanceNamePattern } from '../../domain/instance.ts';
import { isObject } from '../../domain/is-object.ts';
import { InvalidEnvironment, type LookUp } from '../secrets/references.ts';
import { expectedName, instanceVariable, namedInstance } from './instance-name.ts';
import { yamlValue } from '../file/yaml-value.ts';

/** What is wrong with the key `instance` of the configuration beside the environment; null if nothing is. */
export function instanceConflict(inFile: string, lookUp: LookUp): string | null {
  const named = lookUp(instanceVariable) || null;
  if (named === null || named === inFile) return null;
  return `found "${inFile}", but ${instanceVariable} is "${named}"; expected the same name, or only one of them`;
}

/** The message of a worker whose file names another instance; null if it does not. */
export function instanceChange(before: string | undefined, now: string | undefined, lookUp: LookUp): string | null {
  const [running, wanted] = [before, now].map((inFile) => inFile ?? (lookUp(instanceVariable) || defaultInstance));
  if (running === wanted) return null;
  return `found "${wanted}", but this process runs as "${running}"; restart it to change that`;
}

/**
 * Which Daybook of the namespace this is. The file may be broken otherwise, or not be there: commands that need no source still
 * must not touch another instance.
 * @throws InvalidEnvironment
 */
export function readInstance(configFile: string, lookUp: LookUp): Instance {
  const named = namedInstance(lookUp);
  const inFile = instanceInFile(configFile);
  if (inFile === null) return new Instance(named ?? defaultInstance);
  const problem = instanceNamePattern.test(inFile)
    ? instanceConflict(inFile, lookUp)
    : `found ${JSON.stringify(inFile)}, ${expectedName}`;
  if (problem !== null) throw new InvalidEnvironment(`${configFile}: instance: ${problem}`);
  return new Instance(inFile);
}

function instanceInFile(configFile: string): string | null {
  let text: string;
  try {
    text = readFileSync(configFile, 'utf8');
  } catch {
    return null;
  }
  // Most files do not set it, and may be long.
  if (!text.includes('instance')) return null;
  const value = yamlValue(text);
  const found = isObject(value) ? value['instance'] : lineOf(text);
  if (found === undefined || found === null) return null;
  return typeof found === 'string' ? found : JSON.stringify(found);
}

/** For a file that is not YAML. */
function lineOf(text: string): string | undefined {
  return /^instance:[ \t]+["']?([^\s"'#]+)/m.exec(text)?.[1];
}
