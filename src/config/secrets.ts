import { referencedNames, resolveReferences, type LookUp } from './references.ts';
import type { SourceConfig } from './source-schemas.ts';

/** Names of headers and parameters whose values are secrets, wherever they are written. */
const secretName = /authorization|cookie|api[-_]?key|[-_]key$|^key$|token|secret|passw|credential|signature/i;

/**
 * Replaces literal values of secret-bearing names by `${config:<where>.<name>}`, so that a secret written into the file
 * against the rules still stays out of workflow histories.
 */
export function maskLiterals(
  where: 'headers' | 'params',
  values: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, isLiteralSecret(name, value) ? `\${config:${where}.${name}}` : value]),
  );
}

/** Puts literal values and environment variables back in; for use inside activities only. */
export function resolveSecrets(
  where: 'headers' | 'params',
  values: Readonly<Record<string, string>>,
  source: SourceConfig,
  lookUp: LookUp,
): Record<string, string> {
  const written = where in source ? (source as Record<typeof where, Readonly<Record<string, string>>>)[where] : {};
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      resolveReferences(value === `\${config:${where}.${name}}` ? (written[name] ?? value) : value, lookUp),
    ]),
  );
}

/** Every secret value that a source's configuration leads to: what must never be printed. */
export function secretValues(source: SourceConfig, lookUp: LookUp): string[] {
  const { headers = {}, params = {} } = source as { headers?: Record<string, string>; params?: Record<string, string> };
  const literals = [...Object.entries(headers), ...Object.entries(params)]
    .filter(([name, value]) => isLiteralSecret(name, value))
    .map(([, value]) => value);
  const referenced = referencedNames(JSON.stringify(source)).flatMap((name) => lookUp(name) ?? []);
  return [...literals, ...referenced];
}

function isLiteralSecret(name: string, value: string): boolean {
  return secretName.test(name) && !/\$\{env:/.test(value);
}
