import { secretName } from '../../domain/secrets/url-secrets.ts';
import {
  isOnlyPlaceholders,
  parseTemplate,
  placeholderNames,
  placeholdersIn,
  type PlaceholderName,
} from '../../formats/template/parse-template.ts';
import type { ExportConfig } from './export-schema.ts';

/** The parts of a source that a request is made of, as the schema gives them. */
export interface WrittenRequest {
  readonly type: string;
  readonly url: string;
  readonly params?: unknown;
  readonly headers?: unknown;
  readonly body?: unknown;
  readonly query?: unknown;
  readonly variables?: unknown;
  readonly auth?: unknown;
  readonly following?:
    { readonly url?: string | undefined; readonly params?: unknown; readonly body?: unknown } | undefined;
  readonly origins?: readonly string[] | undefined;
  readonly trusted_origins?: readonly string[] | undefined;
  readonly paginator?: { readonly type: string } & Readonly<Record<string, unknown>>;
  readonly incremental?: Readonly<Record<string, unknown>> | undefined;
  readonly for_each?: unknown;
  readonly export?: ExportConfig | undefined;
}

export interface RequestProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly input: unknown;
}

/** The parts of a source that may have placeholders. */
export function requestParts(source: WrittenRequest): object {
  const { url, params, headers, body, query, variables, following, export: job } = source;
  return {
    url,
    params,
    headers,
    body,
    query,
    variables,
    ...(following ? { following } : {}),
    ...(job ? { export: job } : {}),
  };
}

/** Names that a request uses. */
export function namedPlaceholders(source: WrittenRequest): ReadonlySet<PlaceholderName> {
  return new Set(
    placeholdersIn(requestParts(source)).flatMap(({ placeholder }) =>
      // One that is written wrongly is a problem of its own, and names what was meant.
      placeholder.kind === 'placeholder'
        ? [placeholder.name]
        : placeholderNames.filter((name) => name === placeholder.name),
    ),
  );
}

/** Whether a request carries something that only its own server should get. */
export function hasSecrets({ auth, headers, params, body, query, variables, following }: WrittenRequest): boolean {
  return (
    (auth !== undefined && auth !== null) ||
    /\$\{env:/.test(JSON.stringify({ headers, params, body, query, variables, following })) ||
    Object.keys({ ...(headers as object), ...(params as object) }).some((name) => secretName.test(name))
  );
}

/** The origin of a written URL; null if the environment or an answer decides. */
export function originOf(url: string): string | null {
  if (isOnlyPlaceholders(url)) return null;
  const sample = parseTemplate(url).map((part) => (part.kind === 'placeholder' ? '1' : part.text));
  const text = sample.join('');
  const isOpen = /^[^/?#]*(?:\/\/)?[^/?#]*\$\{env:/.test(text);
  return isOpen || !URL.canParse(text) ? null : new URL(text).origin;
}
