import type { SecretVariables } from '../requests/secret-variables.ts';
import { isObject } from '../../../domain/is-object.ts';
import type { ApiDocument, Tree } from './api-document.ts';
import type { Operation } from './operations.ts';
import { scalarText } from '../scalar-text.ts';

/** How an operation proves who asks; secrets are references. */
export interface OperationSecurity {
  readonly auth: Readonly<Record<string, string>> | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly params: Readonly<Record<string, string>>;
  readonly notes: readonly string[];
}

type Scheme = Omit<OperationSecurity, 'notes'> & { readonly note?: string };

const nothing: Scheme = { auth: null, headers: {}, params: {} };

/**
 * The first way of an operation to be asked that a source knows; of several those that take no token of a person.
 * @param server for addresses that are relative
 */
export function operationSecurity(
  document: ApiDocument,
  { node }: Operation,
  variables: SecretVariables,
  server: string,
): OperationSecurity {
  const ways = document.list(node['security'] ?? document.root['security']);
  const schemes = document.isSwagger
    ? document.at(document.root['securityDefinitions'])
    : document.at(document.at(document.root['components'])['securitySchemes']);
  const ranked = ways.map((way) => ({ way, rank: rankOf(document, way, schemes) })).toSorted((a, b) => a.rank - b.rank);
  const best = ranked[0];
  if (!best) return { ...nothing, notes: [] };
  const parts = Object.entries(best.way).map(([name, scopes]) =>
    partOf(document, name, document.at(schemes[name]), scopes, variables, server),
  );
  const isOptional = ways.some((way) => Object.keys(way).length === 0);
  return {
    auth: parts.find(({ auth }) => auth !== null)?.auth ?? null,
    headers: Object.fromEntries(parts.flatMap(({ headers }) => Object.entries(headers))),
    params: Object.fromEntries(parts.flatMap(({ params }) => Object.entries(params))),
    notes: [
      ...parts.flatMap(({ note }) => note ?? []),
      ...(isOptional ? ['the operation can be asked without credentials, too: add auth if it needs them'] : []),
    ],
  };
}

/** None at all, a key, client credentials, and a token that a person has to get. */
function rankOf(document: ApiDocument, way: Tree, schemes: Tree): number {
  const ranks = Object.keys(way).map((name) => {
    const scheme = document.at(schemes[name]);
    if (isClientCredentials(document, scheme)) return 2;
    return /^(?:oauth2|openIdConnect|mutualTLS)$/.test(scalarText(scheme['type'])) ? 3 : 1;
  });
  return ranks.reduce((most, rank) => Math.max(most, rank), 0);
}

function partOf(
  document: ApiDocument,
  name: string,
  scheme: Tree,
  scopes: unknown,
  variables: SecretVariables,
  server: string,
): Scheme {
  const type = scalarText(scheme['type']);
  const kind = scalarText(scheme['scheme']).toLowerCase();
  if (type === 'basic' || (type === 'http' && kind === 'basic')) return basicScheme(variables);
  if (type === 'http' && kind === 'bearer') return bearer(variables, 'bearer token');
  if (type === 'apiKey') return keyScheme(scheme, variables);
  if (isClientCredentials(document, scheme)) return clientScheme(document, scheme, scopes, variables, server);
  if (type === 'oauth2' || type === 'openIdConnect') {
    const flow = type === 'oauth2' ? flowOf(document, scheme) : 'OpenID Connect';
    const note = `the document asks for a login (${name}: ${flow}), which a source cannot do: an access token is expected instead`;
    return { ...bearer(variables, 'access token'), note };
  }
  const found = type === 'http' ? `http ${kind}` : type === '' ? 'nothing' : type;
  return { ...nothing, note: `the document asks for ${found} (${name}), which is not proposed: add auth or headers` };
}

function basicScheme(variables: SecretVariables): Scheme {
  const username = variables.reserve('USERNAME', 'user name');
  return { ...nothing, auth: { type: 'http_basic', username, password: variables.reserve('PASSWORD', 'password') } };
}

function bearer(variables: SecretVariables, what: string): Scheme {
  return { ...nothing, auth: { type: 'bearer', token: variables.reserve('TOKEN', what) } };
}

function keyScheme(scheme: Tree, variables: SecretVariables): Scheme {
  const name = scalarText(scheme['name']);
  const place = scalarText(scheme['in']);
  const value = variables.reserve(
    /^authorization$/i.test(name) ? 'AUTHORIZATION' : name,
    `${place || 'header'} ${name}`,
  );
  switch (place) {
    case 'query':
      return { ...nothing, params: { [name]: value } };
    case 'cookie':
      return { ...nothing, headers: { Cookie: `${name}=${value}` } };
    default:
      return { ...nothing, headers: { [name]: value } };
  }
}

function isClientCredentials(document: ApiDocument, scheme: Tree): boolean {
  if (scheme['type'] !== 'oauth2') return false;
  return scheme['flow'] === 'application' || isObject(document.at(scheme['flows'])['clientCredentials']);
}

function clientScheme(
  document: ApiDocument,
  scheme: Tree,
  scopes: unknown,
  variables: SecretVariables,
  server: string,
): Scheme {
  const flow = document.isSwagger ? scheme : document.at(document.at(scheme['flows'])['clientCredentials']);
  const written = scalarText(flow['tokenUrl']);
  const base = document.address ?? `${server}/`;
  const asked = Array.isArray(scopes) ? scopes.map(String).join(' ') : '';
  return {
    ...nothing,
    auth: {
      type: 'oauth2_client_credentials',
      token_url: URL.canParse(written, base) ? new URL(written, base).href : written,
      client_id: variables.reserve('CLIENT_ID', 'client id'),
      client_secret: variables.reserve('CLIENT_SECRET', 'client secret'),
      ...(asked === '' ? {} : { scope: asked }),
    },
  };
}

function flowOf(document: ApiDocument, scheme: Tree): string {
  return scalarText(scheme['flow']) || (Object.keys(document.at(scheme['flows']))[0] ?? 'oauth2');
}
