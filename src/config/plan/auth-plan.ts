import type { AuthPlan } from '../../domain/plan/plan-parts.ts';
import type { maskSecret } from '../secrets/secrets.ts';
import type { HttpJsonConfig } from '../schema/source-schemas.ts';

/** @param mask turns a path and its value into the value of the plan */
export function authPlan(auth: NonNullable<HttpJsonConfig['auth']>, mask: typeof maskSecret): AuthPlan {
  const secret = (name: string, value: string) => mask(`auth/${name}`, value);
  switch (auth.type) {
    case 'bearer':
      return { type: 'bearer', token: secret('token', auth.token) };
    case 'api_key': {
      const { name, location, api_key: apiKey } = auth;
      return { type: 'api_key', name, location, apiKey: secret('api_key', apiKey) };
    }
    case 'http_basic': {
      const { username, password } = auth;
      return { type: 'http_basic', username: secret('username', username), password: secret('password', password) };
    }
    case 'oauth2_client_credentials': {
      const { token_url: tokenUrl, client_id: clientId, client_secret: clientSecret, scope = null } = auth;
      const { credentials } = auth;
      return {
        type: 'oauth2_client_credentials',
        tokenUrl: secret('token_url', tokenUrl),
        clientId: secret('client_id', clientId),
        clientSecret: secret('client_secret', clientSecret),
        scope,
        ...(credentials === 'header' ? { credentials } : {}),
      };
    }
  }
}

/** Leaves a value as the configuration has it. */
export function asWritten(_place: string, value: string): string {
  return value;
}
