import { placeholdersIn, type PlaceholderName } from '../../formats/template/parse-template.ts';

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
  readonly origins?: readonly string[] | undefined;
  readonly paginator?: { readonly type: string } & Readonly<Record<string, unknown>>;
  readonly incremental?: Readonly<Record<string, unknown>> | undefined;
  readonly for_each?: unknown;
}

export interface RequestProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly input: unknown;
}

/** The parts of a source that may have placeholders. */
export function requestParts({ url, params, headers, body, query, variables }: WrittenRequest): object {
  return { url, params, headers, body, query, variables };
}

/** Names that a request uses. */
export function namedPlaceholders(source: WrittenRequest): ReadonlySet<PlaceholderName> {
  return new Set(
    placeholdersIn(requestParts(source)).flatMap(({ placeholder }) =>
      placeholder.kind === 'placeholder' ? [placeholder.name] : [],
    ),
  );
}
