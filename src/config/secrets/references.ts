import { readFileSync } from 'node:fs';
import { DaybookError, messageOf } from '../../domain/errors.ts';
import { escapeTemplate } from '../../formats/template/parse-template.ts';

/** Looks a secret up by name; undefined = not set. */
export type LookUp = (name: string) => string | undefined;

const reference = /\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}/g;

/** A string with a reference, or with something that was meant as one. */
export interface FoundReference {
  readonly path: readonly (string | number)[];
  /** The variable's name; null if the text is not a well-formed reference. */
  readonly name: string | null;
  readonly text: string;
  /** It is written `$${…}`, which a template takes for text. */
  readonly escaped?: true;
}

/** All `${…}` in the strings of a value. */
export function findReferences(value: unknown, path: readonly (string | number)[] = []): FoundReference[] {
  if (typeof value === 'string') {
    return [...value.matchAll(/\$\{[^}]*\}?/g)].map(({ 0: text, index }) => ({
      path,
      text,
      name: [...text.matchAll(reference)][0]?.[1] ?? null,
      ...(index > 0 && value[index - 1] === '$' ? { escaped: true as const } : {}),
    }));
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) =>
    findReferences(member, [...path, Array.isArray(value) ? Number(key) : key]),
  );
}

/**
 * The same, for what is to be sent: a reference must not be sent instead of a value.
 * @throws InvalidEnvironment if a variable is not set
 */
export function fillReferences(text: string, lookUp: LookUp): string {
  for (const name of referencedNames(text)) {
    const problem = variableProblem(name, lookUp);
    if (problem !== null) throw new InvalidEnvironment(`config: ${problem}`);
  }
  return resolveReferences(text, lookUp);
}

/**
 * The same for a template: `$${` is text, and a value stays text whatever it contains.
 * @throws InvalidEnvironment if a variable is not set
 */
export function fillTemplateReferences(text: string, lookUp: LookUp): string {
  return text.replaceAll(/\$\$\{|\$\{env:[A-Za-z_][A-Za-z0-9_]*\}/g, (found) =>
    found === '$${' ? found : escapeTemplate(fillReferences(found, lookUp)),
  );
}

/** Why a variable has no value; null if it has one. */
export function variableProblem(name: string, lookUp: LookUp): string | null {
  try {
    if (lookUp(name) !== undefined) return null;
  } catch (error) {
    return messageOf(error);
  }
  return `environment variable ${name} is not set; set it, or ${name}_FILE, or add it to .env`;
}

/** The text with every reference replaced, as far as the variables have values. For what is not to be sent. */
export function resolveReferences(text: string, lookUp: LookUp): string {
  return text.replaceAll(reference, (whole, name: string) => valueOf(name, lookUp) ?? whole);
}

/** The value of a variable; undefined if it is not set, or its file cannot be read. */
export function valueOf(name: string, lookUp: LookUp): string | undefined {
  try {
    return lookUp(name);
  } catch {
    return undefined;
  }
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
 * InvalidEnvironment where that file cannot be read. Line ends around a value are never intended.
 */
export function lookUpIn(environment: Readonly<Record<string, string | undefined>>): LookUp {
  return (name) => {
    const value = environment[name];
    if (value !== undefined) return trimmed(value);
    const file = environment[`${name}_FILE`];
    if (file === undefined || file === '') return undefined;
    try {
      return trimmed(readFileSync(file, 'utf8'));
    } catch (error) {
      throw new InvalidEnvironment(`${name}_FILE: cannot be read: ${messageOf(error)}`);
    }
  };
}

function trimmed(value: string): string {
  return value.replaceAll(/^[\r\n]+|[\r\n]+$/g, '');
}
