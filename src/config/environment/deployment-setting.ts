import { InvalidEnvironment, type LookUp } from '../secrets/references.ts';

/** The worker deployment that this worker belongs to. */
export interface DeploymentSetting {
  readonly name: string;
  /** Null = named after the workflows that it has. */
  readonly build: string | null;
}

/**
 * Reads `DAYBOOK_DEPLOYMENT` and `DAYBOOK_BUILD`; null = off.
 * @throws InvalidEnvironment
 */
export function deploymentSetting(lookUp: LookUp): DeploymentSetting | null {
  const build = lookUp('DAYBOOK_BUILD') || null;
  const name = lookUp('DAYBOOK_DEPLOYMENT') || null;
  if (name === null) return null;
  // Temporal joins them by these characters.
  if (!/^(?!__)[\w-]{1,60}$/.test(name)) {
    throw new InvalidEnvironment(
      `DAYBOOK_DEPLOYMENT: found "${name}", expected up to 60 letters, digits, "-" and "_", not beginning with "__"`,
    );
  }
  return { name, build: build === null ? null : buildName('DAYBOOK_BUILD', build) };
}

/** @param what where it was given */
export function buildName(what: string, text: string): string {
  if (/^(?!__)[\w.+-]{1,100}$/.test(text)) return text;
  throw new InvalidEnvironment(
    `${what}: found "${text}", expected up to 100 letters, digits, ".", "-", "_" and "+", not beginning with "__"`,
  );
}
