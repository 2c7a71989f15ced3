import type { AuthPlan, KeyLocation } from '../../domain/plan/auth-plan.ts';
import { noCredentials, type Credentials } from './credentials.ts';

/** Credentials that are sent as they are configured. */
export type StaticAuthPlan = Extract<AuthPlan, { type: 'bearer' | 'api_key' | 'http_basic' }>;

export function staticCredentials(auth: StaticAuthPlan): Credentials {
  switch (auth.type) {
    case 'bearer':
      return bearer(auth.token);
    case 'http_basic': {
      const pair = Buffer.from(`${auth.username}:${auth.password}`).toString('base64');
      return { ...noCredentials, headers: { authorization: `Basic ${pair}` } };
    }
    case 'api_key':
      return keyCredentials(auth, auth.apiKey);
  }
}

export function bearer(token: string, tokenSince: number | null = null): Credentials {
  return { ...noCredentials, headers: { authorization: `Bearer ${token}` }, tokenSince };
}

export function keyCredentials(
  { name, location }: { readonly name: string; readonly location: KeyLocation },
  key: string,
): Credentials {
  switch (location) {
    case 'header':
      return { ...noCredentials, headers: { [name]: key } };
    case 'query':
      return { ...noCredentials, params: { [name]: key } };
    case 'cookie':
      return { ...noCredentials, cookie: `${name}=${key}` };
  }
}
