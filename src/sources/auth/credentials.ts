import type { RequestCookies } from './cookies.ts';

/** The credentials of a request. */
export interface Credentials {
  readonly headers: Readonly<Record<string, string>>;
  readonly params: Readonly<Record<string, string>>;
  /** When the access token or session in it began; null = it holds none. */
  readonly tokenSince: number | null;
  /** A cookie with a key. */
  readonly cookie?: string;
  /** Cookies of a session. */
  readonly cookies?: RequestCookies;
  /** Which one of several keys it is. */
  readonly key?: number;
}

export const noCredentials: Credentials = { headers: {}, params: {}, tokenSince: null };
