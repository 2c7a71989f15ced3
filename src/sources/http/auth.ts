import { setTimeout as sleep } from 'node:timers/promises';
import type { AuthPlan, ClientCredentialsPlan } from '../../domain/plan/auth-plan.ts';
import { unlimited, type HostBudget } from '../../domain/plan/host-budget.ts';
import type { HttpPlanBase } from '../../domain/plan/source-plan.ts';
import type { TokenChains } from '../../domain/plan/token-chain.ts';
import type { HeldSecret } from '../../domain/secrets/held-mask.ts';
import { createRedactor, type Redact } from '../../domain/secrets/redact.ts';
import { sha256 } from '../../formats/sha256.ts';
import { noCredentials, type Credentials } from '../auth/credentials.ts';
import { KeyRing, type KeysPlan } from '../auth/key-ring.ts';
import { RefreshTokens, type RefreshingPlan } from '../auth/refresh-tokens.ts';
import { Sessions, type LoggedInPlan } from '../auth/sessions.ts';
import { bearer, keyCredentials, staticCredentials } from '../auth/static-credentials.ts';
import { requestToken } from '../auth/token-request.ts';
import type { HttpClient } from './http-client.ts';

/** Access tokens and sessions, kept until shortly before they expire, and keys with their quotas. */
export interface AccessTokens {
  /**
   * The credentials of a source whose secrets are filled in.
   * @throws SourceUnavailable, SourceRefused, LoginNeeded, HostBusy
   */
  credentials(plan: HttpPlanBase, signal?: AbortSignal): Promise<Credentials>;
  /** Forgets a token or session that was refused; returns whether a retry makes sense: with a new one, or with one that arrived in the meantime. */
  forget(plan: HttpPlanBase, refused: Credentials): boolean;
  /** Notes that the key of a request is exhausted until then; returns whether another key may be used. */
  exhausted(plan: HttpPlanBase, used: Credentials, until: Date): Promise<boolean>;
  /** What the source's login or token endpoint gave out, as it is at the call: texts that are kept must not show it. */
  held(plan: HttpPlanBase): readonly HeldSecret[];
  /** All tokens in use: what must never be printed. */
  secrets(): readonly string[];
  /** Removes them from a text, as they are at each call. */
  redact: Redact;
}

export interface AccessTokensOptions {
  /** Quotas of keys. @default without limits */
  readonly budget?: HostBudget;
  /** Refresh tokens. @default none can be used */
  readonly chains?: TokenChains;
  /** When a refused login may be sent again. @default the clock */
  readonly now?: () => number;
}

const formerKept = 12;

interface AccessToken {
  readonly text: string;
  readonly renewAtMs: number;
  readonly askedAtMs: number;
}

export function createAccessTokens(client: HttpClient, options: AccessTokensOptions = {}): AccessTokens {
  const tokens = new Map<string, AccessToken>();
  const asking = new Map<string, Promise<AccessToken>>();
  /** Those before: they may still be in messages and links that are on their way. */
  const former = new Map<string, readonly string[]>();
  const leave = (key: string) => {
    const left = tokens.get(key);
    if (left) former.set(key, [left.text, ...(former.get(key) ?? [])].slice(0, formerKept));
    tokens.delete(key);
  };
  /** For the secrets as they are; null if they have changed since it was made. */
  let redact: Redact | null = null;
  const changed = () => void (redact = null);
  const sessions = new Sessions(client, changed, options.now);
  const refreshing = new RefreshTokens(client, options.chains ?? null, changed);
  const keys = new KeyRing(options.budget ?? unlimited);
  const secrets = () => [
    ...[...tokens.values()].map(({ text }) => text),
    ...[...former.values()].flat(),
    ...sessions.secrets(),
    ...refreshing.secrets(),
  ];

  /** Concurrent requests wait for one token; none of them can cancel it for the others. */
  async function tokenOf(plan: HttpPlanBase & { readonly auth: ClientCredentialsPlan }): Promise<AccessToken> {
    const key = keyOf(plan.auth);
    const known = tokens.get(key);
    if (known && known.renewAtMs > Date.now()) return known;
    const asked = asking.get(key) ?? grantedToken(client, plan).finally(() => asking.delete(key));
    asking.set(key, asked);
    const token = await asked;
    // Another request may have taken it first.
    if (tokens.get(key) !== token) leave(key);
    tokens.set(key, token);
    changed();
    return token;
  }

  return {
    async credentials(plan, signal) {
      const { auth } = plan;
      if (auth === null) return noCredentials;
      switch (auth.type) {
        case 'oauth2_client_credentials': {
          const { text, askedAtMs } = await tokenOf({ ...plan, auth });
          return bearer(text, askedAtMs);
        }
        case 'oauth2_refresh_token': {
          const { accessToken, askedAtMs } = await refreshing.token({ ...plan, auth } satisfies RefreshingPlan);
          return bearer(accessToken, askedAtMs);
        }
        case 'session':
          return sessions.credentials({ ...plan, auth } satisfies LoggedInPlan);
        case 'api_keys': {
          const key = await keys.take({ ...plan, auth } satisfies KeysPlan, (ms) =>
            sleep(ms, undefined, signal ? { signal } : {}),
          );
          return { ...keyCredentials(auth, auth.apiKeys[key] ?? ''), key };
        }
        default:
          return staticCredentials(auth);
      }
    },
    forget(plan, refused) {
      const { auth } = plan;
      switch (auth?.type) {
        case 'oauth2_client_credentials': {
          const key = keyOf(auth);
          const known = tokens.get(key);
          // Another request may have replaced it by now.
          if (known && bearerOf(refused) === known.text) {
            leave(key);
            changed();
          }
          return true;
        }
        case 'oauth2_refresh_token':
          refreshing.forget(auth, bearerOf(refused));
          return true;
        case 'session':
          sessions.forget(plan, refused);
          return true;
        default:
          return false;
      }
    },
    async exhausted(plan, used, until) {
      const { auth } = plan;
      if (auth?.type !== 'api_keys' || used.key === undefined) return false;
      return keys.exhausted({ ...plan, auth }, used.key, until);
    },
    held(plan) {
      const { auth } = plan;
      if (auth?.type === 'session') return sessions.held(plan);
      const known =
        auth?.type === 'oauth2_client_credentials'
          ? [tokens.get(keyOf(auth))?.text, ...(former.get(keyOf(auth)) ?? [])]
          : auth?.type === 'oauth2_refresh_token'
            ? refreshing.known(auth)
            : [];
      return known.flatMap((value) => (value === undefined ? [] : [{ label: 'token', value }]));
    },
    secrets,
    redact(text) {
      redact ??= createRedactor(secrets());
      return redact(text);
    },
  };
}

function bearerOf({ headers }: Credentials): string {
  return (headers['authorization'] ?? '').replace(/^Bearer /, '');
}

async function grantedToken(
  client: HttpClient,
  plan: HttpPlanBase & { readonly auth: ClientCredentialsPlan },
): Promise<AccessToken> {
  const answer = await requestToken(client, plan, { grant_type: 'client_credentials' });
  if (answer.kind === 'refused') throw answer.error;
  const { accessToken: text, askedAtMs, renewAtMs } = answer;
  return { text, askedAtMs, renewAtMs };
}

function keyOf({ tokenUrl, clientId, clientSecret, scope }: Extract<AuthPlan, ClientCredentialsPlan>): string {
  return sha256(JSON.stringify([tokenUrl, clientId, clientSecret, scope]));
}
