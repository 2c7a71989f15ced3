import { isObject } from '../../domain/is-object.ts';
import type { AuthPlan, TlsPlan } from '../../domain/plan/auth-plan.ts';
import type { SourcePlan } from '../../domain/plan/source-plan.ts';
import { fingerprint } from './fingerprint.ts';
import { findReferences } from '../secrets/references.ts';

/** Where requests of a source go, and what they carry: as it is written, without the values of references. */
export interface Access {
  readonly url: string;
  readonly proxy: string | null;
  readonly auth: AuthPlan | null;
  readonly tls?: TlsPlan;
  readonly headers: Readonly<Record<string, string>>;
  readonly params: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
  readonly trustedOrigins?: readonly string[];
  readonly origins?: readonly string[];
  /** The request for later pages, where it differs. */
  readonly following?: object;
  /** The requests of an export. */
  readonly export?: object;
}

/**
 * Stands for the origins that a source's secrets may go to, and for which secrets these are: its names, never a value. If it
 * changes, an open run must not send the new secrets to the old origin.
 */
export function accessFingerprint(access: Access): string {
  const { url, proxy, auth, tls, headers, params, body, trustedOrigins, origins, following, export: job } = access;
  return fingerprint({
    origin: originOf(url),
    proxy: proxy === null ? null : originOf(proxy),
    ...authOf(auth),
    headers: Object.keys(headers).sort(),
    params: Object.keys(params).sort(),
    secrets: secretsIn({ url, proxy, auth, tls, headers, params, body }),
    ...(tls ? { tls: Object.keys(tls).sort() } : {}),
    ...(trustedOrigins ? { trustedOrigins: [...trustedOrigins].sort() } : {}),
    ...(origins ? { origins: [...origins].sort() } : {}),
    ...(following ? { following: secretsIn(following) } : {}),
    ...(job ? { export: { origins: requestsOf(job), secrets: secretsIn(job) } } : {}),
  });
}

/** The same of a module: it decides itself where it sends its secrets. */
export function moduleAccessFingerprint(module: string, options: unknown): string {
  return fingerprint({ module, secrets: secretsIn(options) });
}

/**
 * The fingerprint of a plan that 0.2.0 made, which has none; null if it cannot be derived, because literal secrets of the
 * configuration are not in a plan.
 */
export function accessOfPlan(plan: SourcePlan): string | null {
  if (plan.type === 'file') return null;
  if (plan.type === 'module') return moduleAccessFingerprint(plan.module, plan.options);
  const hidden = [plan.url, plan.proxy, plan.auth && 'tokenUrl' in plan.auth ? plan.auth.tokenUrl : null];
  return hidden.some((value) => value?.startsWith('${config:')) ? null : accessFingerprint(plan);
}

/** The origins of the requests of an export, as they are written. */
function requestsOf(job: object): string[] {
  return Object.entries(job).flatMap(([part, request]: [string, unknown]) =>
    isObject(request) ? [`${part} ${typeof request['url'] === 'string' ? originOf(request['url']) : ''}`] : [],
  );
}

function authOf(auth: AuthPlan | null): object {
  if (auth === null) return { auth };
  switch (auth.type) {
    case 'api_key':
    case 'api_keys':
      return { auth: auth.type, name: auth.name, location: auth.location };
    case 'oauth2_client_credentials':
    case 'oauth2_refresh_token':
      return { auth: auth.type, tokenOrigin: originOf(auth.tokenUrl) };
    case 'session':
      return {
        auth: auth.type,
        loginOrigin: originOf(auth.login.url),
        ...(auth.login.page ? { pageOrigin: originOf(auth.login.page.url) } : {}),
        sendAs: auth.token?.sendAs ?? null,
      };
    default:
      return { auth: auth.type };
  }
}

/** Scheme, host and port as they are written: a reference may stand for any of them. Credentials are left out. */
function originOf(url: string): string {
  const [, scheme = '', authority = ''] = /^([^/?#]*:\/\/)?([^/?#]*)/.exec(url) ?? [];
  return `${scheme}${authority.slice(authority.lastIndexOf('@') + 1)}`.toLowerCase();
}

/** Where references are, and what they name. */
function secretsIn(value: unknown): string[] {
  return findReferences(value)
    .flatMap(({ path, name }) => (name === null ? [] : [`${path.join('/')} ${name}`]))
    .sort();
}
