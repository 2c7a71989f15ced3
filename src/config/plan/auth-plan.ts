import type { ApiKeysPlan, AuthPlan, LoginPagePlan, LoginTokenPlan, SessionPlan } from '../../domain/plan/auth-plan.ts';
import type { HostLimit } from '../../domain/plan/host-budget.ts';
import type { maskSecret } from '../secrets/secrets.ts';
import type { HttpJsonConfig } from '../schema/source-schemas.ts';

type AuthConfig = NonNullable<HttpJsonConfig['auth']>;
type Secret = (name: string, value: string) => string;

/**
 * @param limit the `rate_limit` of the source
 * @param mask turns a path and its value into the value of the plan
 */
export function authPlan(auth: AuthConfig, limit: HttpJsonConfig['rate_limit'], mask: typeof maskSecret): AuthPlan {
  const secret: Secret = (name, value) => mask(`auth/${name}`, value);
  switch (auth.type) {
    case 'bearer':
      return { type: 'bearer', token: secret('token', auth.token) };
    case 'api_key': {
      const { name, location, api_key: apiKey = '', api_keys: apiKeys } = auth;
      if (apiKeys !== undefined) return keysPlan({ name, location, apiKeys, limit: hostLimit(limit) }, secret);
      return { type: 'api_key', name, location, apiKey: secret('api_key', apiKey) };
    }
    case 'http_basic': {
      const { username, password } = auth;
      return { type: 'http_basic', username: secret('username', username), password: secret('password', password) };
    }
    case 'oauth2_client_credentials':
      return {
        type: 'oauth2_client_credentials',
        ...clientPlan(auth, auth.client_auth ?? auth.credentials, secret),
        clientSecret: secret('client_secret', auth.client_secret),
      };
    case 'oauth2_refresh_token':
      return {
        type: 'oauth2_refresh_token',
        ...clientPlan(auth, auth.client_auth, secret),
        clientSecret: auth.client_secret === undefined ? null : secret('client_secret', auth.client_secret),
        refreshToken: secret('refresh_token', auth.refresh_token),
      };
    case 'session':
      return sessionPlan(auth, secret);
  }
}

/** Leaves a value as the configuration has it. */
export function asWritten(_place: string, value: string): string {
  return value;
}

function hostLimit(limit: HttpJsonConfig['rate_limit']): HostLimit | null {
  return limit === undefined ? null : { requests: limit.requests, perMs: limit.per };
}

function keysPlan({ apiKeys, ...rest }: Omit<ApiKeysPlan, 'type'>, secret: Secret): ApiKeysPlan {
  return { type: 'api_keys', ...rest, apiKeys: apiKeys.map((key, index) => secret(`api_keys/${index}`, key)) };
}

function clientPlan(
  { token_url: tokenUrl, client_id: clientId, scope }: Extract<AuthConfig, { token_url: string }>,
  credentials: 'header' | 'body' | undefined,
  secret: Secret,
) {
  return {
    tokenUrl: secret('token_url', tokenUrl),
    clientId: secret('client_id', clientId),
    scope: scope ?? null,
    ...(credentials === 'header' ? { credentials } : {}),
  };
}

function sessionPlan(
  { login, token, expired_when: expired }: Extract<AuthConfig, { type: 'session' }>,
  secret: Secret,
): SessionPlan {
  const { page, method, headers, body } = login;
  const { url = page?.url ?? '' } = login;
  const from = token?.path === undefined ? { header: token?.header ?? '' } : { path: token.path };
  return {
    type: 'session',
    login: {
      url: secret(login.url === undefined ? 'login/page/url' : 'login/url', url),
      method,
      headers: Object.fromEntries(
        Object.entries(headers).map(([name, value]) => [
          name,
          secret(`login/headers/${encodeURIComponent(name)}`, value),
        ]),
      ),
      ...(body === undefined ? {} : { body: masked('login/body', body, secret) }),
      ...(page === undefined ? {} : { page: pagePlan(page, login.url === undefined, secret) }),
    },
    token: token === undefined ? null : { from, sendAs: token.send_as },
    expiredWhen:
      expired === undefined ? null : { status: expired.status ?? null, bodyContains: expired.body_contains ?? null },
  };
}

function pagePlan(
  { url, token }: NonNullable<Extract<AuthConfig, { type: 'session' }>['login']['page']>,
  usesAction: boolean,
  secret: Secret,
): LoginPagePlan {
  return {
    url: secret('login/page/url', url),
    usesAction,
    token: token ? { from: placeOf(token), sendAs: token.send_as ?? null, field: token.field ?? null } : null,
  };
}

function placeOf({
  path,
  header,
  cookie,
  selector,
  attr,
}: NonNullable<
  NonNullable<Extract<AuthConfig, { type: 'session' }>['login']['page']>['token']
>): LoginTokenPlan['from'] {
  if (path !== undefined) return { path };
  if (header !== undefined) return { header };
  if (cookie !== undefined) return { cookie };
  return { selector: selector ?? '', attr: attr ?? null };
}

/** All texts of a login may be secret: a name says little about what a form calls its password. */
function masked(place: string, value: unknown, secret: Secret): unknown {
  if (typeof value === 'string') return secret(place, value);
  if (Array.isArray(value)) return value.map((member, index) => masked(`${place}/${index}`, member, secret));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      masked(`${place}/${encodeURIComponent(name)}`, member, secret),
    ]),
  );
}
