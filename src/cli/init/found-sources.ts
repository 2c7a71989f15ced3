import type { SecretVariable } from '../../sources/importers/requests/secret-variables.ts';
import type { Context } from '../options/context.ts';
import { createRedactor } from '../../domain/secrets/redact.ts';
import { withoutUrlSecrets } from '../../domain/secrets/url-secrets.ts';
import type { Entry, Proof } from './proposed-config.ts';

/** What `init` found, and how it is proved. */
export interface FoundSources {
  readonly entries: readonly Entry[];
  readonly notes: readonly string[];
  /** Secrets that the entries refer to. */
  readonly variables: readonly SecretVariable[];
  /** Reads records with the configuration; null = nothing was read, and the notes say why. */
  prove(context: Context, text: string): Promise<Proof | null>;
}

/** A context in which variables have the values that were found. */
export function withVariables(context: Context, variables: readonly SecretVariable[]): Context {
  const { environment } = context;
  const values = new Map(variables.map(({ name, value }) => [name, value]));
  const lookUp = (name: string) => values.get(name) ?? environment.lookUp(name);
  return Object.create(context, { environment: { value: { ...environment, lookUp } } }) as Context;
}

/** What is to be done about variables that have no value, or another one. */
export function variableNotes({ environment }: Context, variables: readonly SecretVariable[]): string[] {
  const missing = variables.filter(({ name }) => valueOf(environment.lookUp, name) === undefined);
  const different = variables.filter(({ name, value }) => {
    const set = valueOf(environment.lookUp, name);
    return value !== null && set !== undefined && set !== value;
  });
  const named = missing.map(({ name, where }) => `${name} (${where})`).join(', ');
  return [
    ...(named === ''
      ? []
      : [`secrets are not written here: set ${named} in the environment, or in .env beside the configuration`]),
    ...different.map(({ name, where }) => `${name} is set to another value than that of the request (${where})`),
  ];
}

function valueOf(lookUp: Context['environment']['lookUp'], name: string): string | undefined {
  try {
    return lookUp(name);
  } catch {
    return undefined;
  }
}

/** Runs what may quote secrets in its errors, and takes them out. */
export async function withoutValues<T>(variables: readonly SecretVariable[], run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof Error) error.message = redactorOf(variables)(error.message);
    throw error;
  }
}

/** Takes the values of variables out of a message. */
export function redactorOf(variables: readonly SecretVariable[]): (text: string) => string {
  const redact = createRedactor(variables.flatMap(({ value }) => value ?? []));
  return (text) => withoutUrlSecrets(redact(text));
}
