import type { HostLimit } from './host-budget.ts';

/** Where a key is sent. */
export type KeyLocation = 'header' | 'query' | 'cookie';

/** How requests prove who asks; every secret is a reference until an activity resolves it. */
export type AuthPlan =
  | { readonly type: 'bearer'; readonly token: string }
  | { readonly type: 'api_key'; readonly name: string; readonly location: KeyLocation; readonly apiKey: string }
  | ApiKeysPlan
  | { readonly type: 'http_basic'; readonly username: string; readonly password: string }
  | ClientCredentialsPlan
  | RefreshTokenPlan
  | SessionPlan;

/** Several keys, of which one is used until it is exhausted. */
export interface ApiKeysPlan {
  readonly type: 'api_keys';
  readonly name: string;
  readonly location: KeyLocation;
  readonly apiKeys: readonly string[];
  /** The quota of each key; null = the API says when one is exhausted. */
  readonly limit: HostLimit | null;
}

/** A client of a token endpoint. */
interface TokenClientPlan {
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly scope: string | null;
  /** Where the token endpoint expects id and secret. @default body */
  readonly credentials?: 'header' | 'body';
}

export interface ClientCredentialsPlan extends TokenClientPlan {
  readonly type: 'oauth2_client_credentials';
  readonly clientSecret: string;
}

export interface RefreshTokenPlan extends TokenClientPlan {
  readonly type: 'oauth2_refresh_token';
  /** Null = a public client, which has none. */
  readonly clientSecret: string | null;
  /** The first token of the chain. */
  readonly refreshToken: string;
}

/** A login, whose cookies or token later requests carry. */
export interface SessionPlan {
  readonly type: 'session';
  readonly login: LoginPlan;
  /** Null = the session is in its cookies alone. */
  readonly token: SessionTokenPlan | null;
  /** Null = a session has expired where a request is answered with 401. */
  readonly expiredWhen: { readonly status: number | null; readonly bodyContains: string | null } | null;
}

export interface LoginPlan {
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  /** A text as it is, an object as a form or as JSON. Undefined = none. */
  readonly body?: unknown;
  /** Requested before, in the same session. Absent = the login is the first request. */
  readonly page?: LoginPagePlan;
}

/** The page that a login is sent from. */
export interface LoginPagePlan {
  readonly url: string;
  /** The login goes where the form of the page leads. */
  readonly usesAction: boolean;
  /** Null = the hidden fields of the form are all that the login needs. */
  readonly token: LoginTokenPlan | null;
}

/** A token of that page, which the login sends back in a header or as a field of its body. */
export interface LoginTokenPlan {
  readonly from:
    | { readonly path: string }
    | { readonly header: string }
    | { readonly cookie: string }
    | { readonly selector: string; readonly attr: string | null };
  /** `X-CSRF-Token: ${token}`; null = a field. */
  readonly sendAs: string | null;
  readonly field: string | null;
}

export interface SessionTokenPlan {
  /** Where in the answer it is: JMESPath into its JSON, or the name of a header. */
  readonly from: { readonly path: string } | { readonly header: string };
  /** `Authorization: Bearer ${token}` */
  readonly sendAs: string;
}

/** What a connection proves itself with; each is a PEM text, or the path of a file. */
export interface TlsPlan {
  readonly cert?: string;
  readonly key?: string;
  /** Authorities that are trusted instead of the well-known ones. */
  readonly ca?: string;
}
