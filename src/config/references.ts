import { readFileSync } from 'node:fs';
import { DaybookError, messageOf } from '../domain/errors.ts';

/** Looks a secret up by name; undefined = not set. */
export type LookUp = (name: string) => string | undefined;

const reference = /\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}/g;

/** A string with a reference, or with something that was meant as one. */
export interface FoundReference {
  readonly path: readonly (string | number)[];
  /** The variable's name; null where the text is no well-formed reference. */
  readonly name: string | null;
  readonly text: string;
}

/** All `${…}` in the strings of a value. */
export function findReferences(value: unknown, path: readonly (string | number)[] = []): FoundReference[] {
  if (typeof value === 'string') {
    return [...value.matchAll(/\$\{[^}]*\}?/g)].map(([text]) => ({
      path,
      text,
      name: [...text.matchAll(reference)][0]?.[1] ?? null,
    }));
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) =>
    findReferences(member, [...path, Array.isArray(value) ? Number(key) : key]),
  );
}

/** The text with every reference replaced; a variable that is not set is left as it stands. */
export function resolveReferences(text: string, lookUp: LookUp): string {
  return text.replaceAll(reference, (whole, name: string) => lookUp(name) ?? whole);
}

/** Names of the variables that a text refers to. */
export function referencedNames(text: string): string[] {
  return [...text.matchAll(reference)].map((match) => match[1] ?? '');
}

/** A variable of the environment that cannot be used. Exit code 2. */
export class InvalidEnvironment extends DaybookError {
  readonly type = 'InvalidEnvironment';
  readonly next = 'never';
}

/**
 * Looks a variable up in an environment: `NAME`, else the content of the file that `NAME_FILE` names. The look-up throws
 * InvalidEnvironment where that file cannot be read.
 */
export function lookUpIn(environment: Readonly<Record<string, string | undefined>>): LookUp {
  return (name) => {
    const value = environment[name];
    if (value !== undefined) return value;
    const file = environment[`${name}_FILE`];
    if (file === undefined || file === '') return undefined;
    try {
      return readFileSync(file, 'utf8').replace(/\r?\n$/, '');
    } catch (error) {
      throw new InvalidEnvironment(`${name}_FILE: cannot be read: ${messageOf(error)}`);
    }
  };
}
