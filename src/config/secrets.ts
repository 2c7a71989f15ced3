import type { SourcePlan } from '../domain/source.ts';
import { referencedNames, resolveReferences, type LookUp } from './references.ts';
import type { SourceConfig } from './source-schemas.ts';

/** Names of headers and parameters whose values are secrets, wherever they are written. */
const secretName =
  /\bauth\b|authorization|cookie|api[-_]?key|[-_]key$|^key$|token|secret|passw|\bpwd\b|credential|signature|^sig$|jwt|session|app[-_]?id/i;

/**
 * Replaces literal values of secret-bearing names by `${config:<where>.<name>}`, so that a secret written into the file
 * against the rules still stays out of workflow histories.
 */
export function maskLiterals(
  where: 'headers' | 'params',
  values: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      isLiteralSecret(name, value) ? `\${config:${where}.${name}}` : value,
    ]),
  );
}

/** Replaces a URL with a literal secret among its parameters by `${config:url}`, for the same reason. */
export function maskUrl(url: string): string {
  return literalParameters(url).length > 0 ? wholeUrl : url;
}

const wholeUrl = '${config:url}';

/** The plan with its secrets filled in: for adapters, never for a workflow. */
export function withSecrets<P extends SourcePlan>(plan: P, source: SourceConfig | null, lookUp: LookUp): P {
  if (plan.type !== 'http_json') return plan;
  const fill = (where: 'headers' | 'params', values: Readonly<Record<string, string>>) =>
    resolveSecrets(where, values, source, lookUp);
  return {
    ...plan,
    url: resolveReferences(plan.url === wholeUrl ? (writtenUrl(source) ?? plan.url) : plan.url, lookUp),
    params: fill('params', plan.params),
    headers: fill('headers', plan.headers),
  };
}

function resolveSecrets(
  where: 'headers' | 'params',
  values: Readonly<Record<string, string>>,
  source: SourceConfig | null,
  lookUp: LookUp,
): Record<string, string> {
  const written = (source as Partial<Record<typeof where, Readonly<Record<string, string>>>> | null)?.[where] ?? {};
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      const literal = value === `\${config:${where}.${name}}` ? (written[name] ?? value) : value;
      return [name, resolveReferences(literal, lookUp)];
    }),
  );
}

/** Every secret value that a source's configuration leads to: what must never be printed. */
export function secretValues(source: SourceConfig, lookUp: LookUp): string[] {
  const { headers = {}, params = {} } = source as { headers?: Record<string, string>; params?: Record<string, string> };
  const literals = [
    ...Object.entries(headers),
    ...Object.entries(params),
    ...literalParameters(writtenUrl(source) ?? ''),
  ]
    .filter(([name, value]) => isLiteralSecret(name, value))
    // Of `Bearer abc` the last word is the secret.
    .flatMap(([, value]) => [value, value.split(' ').at(-1) ?? '']);
  const referenced = referencedNames(JSON.stringify(source)).flatMap((name) => lookUp(name) ?? []);
  return [...literals, ...referenced];
}

function writtenUrl(source: SourceConfig | null): string | null {
  return source && 'url' in source ? source.url : null;
}

/** Parameters of a URL that hold a literal secret. */
function literalParameters(url: string): [name: string, value: string][] {
  const query = url.split('?')[1] ?? '';
  return [...new URLSearchParams(query)].filter(([name, value]) => isLiteralSecret(name, value));
}

function isLiteralSecret(name: string, value: string): boolean {
  return secretName.test(name) && !/\$\{env:/.test(value);
}
