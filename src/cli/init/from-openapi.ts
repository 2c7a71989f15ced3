import { CannotStart, DaybookError, messageOf } from '../../domain/errors.ts';
import { referencedNames } from '../../config/secrets/references.ts';
import { jsonAccept } from '../../sources/http/accept-headers.ts';
import { ApiDocument } from '../../sources/importers/openapi/api-document.ts';
import { GivenValues } from '../../sources/importers/openapi/given-values.ts';
import { findOperation } from '../../sources/importers/openapi/operations.ts';
import { proposeOperation } from '../../sources/importers/openapi/propose-operation.ts';
import { isPrivateHost } from '../../sources/importers/private-host.ts';
import type { RequestKeys } from '../../sources/importers/requests/request-keys.ts';
import type { Context } from '../options/context.ts';
import type { InitRequest } from '../options/init-request.ts';
import { askSource } from './ask-source.ts';
import { withoutValues, withVariables, type FoundSources } from './found-sources.ts';
import { inspect } from './inspect.ts';
import { parse, prove } from './proposed-config.ts';
import { sourceOfAnswer } from './source-of-answer.ts';

/** An OpenAPI document that was read. */
export interface ReadDocument {
  readonly text: string;
  /** Null = it is a file. */
  readonly address: string | null;
  /** Whether it may name private servers: it is a file, or was on one itself. */
  readonly isTrusted: boolean;
}

export interface OpenApiOptions {
  readonly operation?: string;
  readonly param?: readonly string[];
  readonly server?: string;
  readonly name?: string;
}

/** Pages that are read as a proof: each is a request. */
const provenPages = 3;

/** The source of an operation: by its schema, and by what the API answers if it can be asked. */
export async function fromOpenApi(
  context: Context,
  { text, address, isTrusted }: ReadDocument,
  options: OpenApiOptions,
  request: InitRequest,
): Promise<FoundSources> {
  const document = new ApiDocument(text, address);
  const operation = findOperation(document, options.operation);
  const given = new GivenValues(options.param ?? []);
  const ownAuth = request.source['auth'] !== undefined;
  const { name, server } = options;
  const found = proposeOperation(document, operation, given, { name, server, hasAuth: ownAuth });
  const keys: RequestKeys = {
    ...found.keys,
    headers: { ...found.keys.headers, ...(request.source['headers'] as Record<string, string> | undefined) },
    auth: ownAuth ? (request.source['auth'] as Record<string, string>) : found.keys.auth,
  };
  const { variables } = keys;
  const own = withVariables(context, variables);
  const isPrivate = isPrivateHost(keys.url);
  const bySchema = (why: string, failed = false): FoundSources => {
    const described = sourceOfAnswer(found.name, keys, isPrivate && isTrusted, found.proposal);
    const unread = `${why}: id, times and pages are those of its schema, see what preview shows`;
    return {
      entries: [{ source: described.source }],
      notes: [...found.notes, ...described.notes, unread],
      variables,
      async prove(_, proposed) {
        parse(own, proposed);
        return failed ? { line: 'no record was read', stored: 0 } : null;
      },
    };
  };
  const missing = unsetIn(own, keys);
  if (missing.length > 0) return bySchema(`the API was not asked, because ${missing.join(', ')} has no value yet`);
  if (isPrivate && !isTrusted) {
    return bySchema(
      'the API was not asked, because the document names a private address (allow_private: true allows it)',
    );
  }
  try {
    const answered = await withoutValues(variables, () =>
      askSource(own, keys, { accept: jsonAccept, mayBePrivate: isTrusted }, async (answer) => {
        const proposal = await inspect(answer.response);
        if (proposal.source['type'] !== 'http_json') throw new CannotStart('init: the API answered no JSON');
        return sourceOfAnswer(found.name, keys, answer.isPrivate, withPaginator(proposal, found.proposal));
      }),
    );
    return {
      entries: [{ source: answered.source }],
      notes: [...found.notes, ...answered.notes],
      variables,
      prove: (_, proposed) => withoutValues(variables, () => prove(own, proposed, provenPages)),
    };
  } catch (error) {
    if (!(error instanceof DaybookError)) throw error;
    const isUnreachable = error.type === 'SourceUnavailable' || error.type === 'HostBusy';
    return bySchema(`the API could not be read (${messageOf(error)})`, !isUnreachable);
  }
}

/** A last page names no next one: the schema knows. */
function withPaginator<P extends { readonly source: Readonly<Record<string, unknown>> }>(answered: P, described: P): P {
  const { paginator } = described.source;
  if (answered.source['paginator'] !== undefined || paginator === undefined) return answered;
  return { ...answered, source: { ...answered.source, paginator } };
}

function unsetIn({ environment }: Context, { url, params, headers, auth, body }: RequestKeys): string[] {
  const names = new Set(referencedNames(JSON.stringify([url, params, headers, auth, body ?? null])));
  return [...names].filter((name) => {
    try {
      return environment.lookUp(name) === undefined;
    } catch {
      return true;
    }
  });
}
