import { sha256 } from '../../formats/sha256.ts';
import { truncate, createRedactor, type Redact } from '../../domain/secrets/redact.ts';
import { SourceRefused, SourceUnavailable } from '../../domain/errors.ts';
import { parseJson } from '../../formats/exact-json.ts';
import type { AuthPlan } from '../../domain/plan/plan-parts.ts';
import type { HttpPlanBase } from '../../domain/plan/source-plan.ts';
import { clientPair } from '../../domain/secrets/client-pair.ts';
import type { HttpClient } from './http-client.ts';
import { askedWait } from './rate-limit.ts';
import { isPassing } from './status.ts';

/** The credentials of a request. */
export interface Credentials {
  readonly headers: Readonly<Record<string, string>>;
  readonly params: Readonly<Record<string, string>>;
  /** When the access token in it was given out; null = it holds none. */
  readonly tokenSince: number | null;
}

/** Access tokens that token endpoints gave out, kept until shortly before they expire. */
export interface AccessTokens {
  /** The credentials of a source whose secrets are filled in. @throws SourceUnavailable, SourceRefused */
  credentials(plan: HttpPlanBase): Promise<Credentials>;
  /** Forgets a token that was refused; returns whether a retry makes sense: with a new token, or with one that arrived in the meantime. */
  forget(plan: HttpPlanBase, refused: Credentials): boolean;
  /** All tokens in use: what must never be printed. */
  secrets(): readonly string[];
  /** Removes them from a text, as they are at each call. */
  redact: Redact;
}

interface AccessToken {
  readonly text: string;
  readonly renewAtMs: number;
  readonly askedAtMs: number;
}

const none: Credentials = { headers: {}, params: {}, tokenSince: null };
/** A token is renewed this long before it expires, or after four fifths of its life if that is later. */
const earlyMs = 30_000;
/** Where the endpoint does not say how long a token lasts. */
const defaultSeconds = 300;
const maxTokenBytes = 1024 * 1024;

export function createAccessTokens(client: HttpClient): AccessTokens {
  const tokens = new Map<string, AccessToken>();
  const asking = new Map<string, Promise<AccessToken>>();
  const secrets = () => [...tokens.values()].map(({ text }) => text);
  /** For the tokens as they are; null if they have changed since it was made. */
  let redact: Redact | null = null;

  /** Concurrent requests wait for one token; none of them can cancel it for the others. */
  async function tokenOf(plan: HttpPlanBase, auth: OAuthPlan): Promise<AccessToken> {
    const key = keyOf(auth);
    const known = tokens.get(key);
    if (known && known.renewAtMs > Date.now()) return known;
    const asked = asking.get(key) ?? requestToken(client, plan, auth).finally(() => asking.delete(key));
    asking.set(key, asked);
    const token = await asked;
    tokens.set(key, token);
    redact = null;
    return token;
  }

  return {
    async credentials(plan) {
      const { auth } = plan;
      if (auth?.type !== 'oauth2_client_credentials') return staticCredentials(auth);
      const { text, askedAtMs } = await tokenOf(plan, auth);
      return { headers: { authorization: `Bearer ${text}` }, params: {}, tokenSince: askedAtMs };
    },
    forget({ auth }, { headers }) {
      if (auth?.type !== 'oauth2_client_credentials') return false;
      const key = keyOf(auth);
      const known = tokens.get(key);
      // Another request may have replaced it by now.
      if (known && headers['authorization'] === `Bearer ${known.text}`) {
        tokens.delete(key);
        redact = null;
      }
      return true;
    },
    secrets,
    redact(text) {
      redact ??= createRedactor(secrets());
      return redact(text);
    },
  };
}

type OAuthPlan = Extract<AuthPlan, { type: 'oauth2_client_credentials' }>;

function staticCredentials(auth: Exclude<AuthPlan, OAuthPlan> | null): Credentials {
  switch (auth?.type) {
    case 'bearer':
      return { ...none, headers: { authorization: `Bearer ${auth.token}` } };
    case 'http_basic': {
      const pair = Buffer.from(`${auth.username}:${auth.password}`).toString('base64');
      return { ...none, headers: { authorization: `Basic ${pair}` } };
    }
    case 'api_key':
      return auth.location === 'header'
        ? { ...none, headers: { [auth.name]: auth.apiKey } }
        : { ...none, params: { [auth.name]: auth.apiKey } };
    default:
      return none;
  }
}

/** RFC 6749 §4.4, with the client's secret in the body, as most token endpoints want it, or in the header (§2.3.1). */
async function requestToken(client: HttpClient, plan: HttpPlanBase, auth: OAuthPlan): Promise<AccessToken> {
  const inHeader = auth.credentials === 'header';
  const basic = Buffer.from(clientPair(auth.clientId, auth.clientSecret)).toString('base64');
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    ...(inHeader ? {} : { client_id: auth.clientId, client_secret: auth.clientSecret }),
    ...(auth.scope === null ? {} : { scope: auth.scope }),
  });
  const askedAtMs = Date.now();
  const { status, headers, body } = await client.send(
    {
      subject: `${plan.name} (auth.token_url)`,
      url: auth.tokenUrl,
      method: 'POST',
      body: form.toString(),
      headers: {
        accept: 'application/json',
        'content-type': 'application/x-www-form-urlencoded',
      },
      own: {
        origin: new URL(auth.tokenUrl).origin,
        headers: inHeader ? { authorization: `Basic ${basic}` } : {},
      },
      allowPrivate: plan.allowPrivate,
      timeoutMs: plan.timeoutMs,
      maxBodyBytes: maxTokenBytes,
      proxy: plan.proxy,
    },
    new AbortController().signal,
  );
  const where = `fetch: ${plan.name}: auth.token_url`;
  const { isRateLimit, waitMs } = askedWait(status, headers, new Date());
  if (isRateLimit || isPassing(status)) {
    const message = `${where} answered ${status}, expected a token`;
    throw new SourceUnavailable(message, waitMs === null ? {} : { retryAfterMs: waitMs });
  }
  const answer = answerOf(body);
  if (status < 200 || status >= 300) {
    const why = typeof answer?.['error'] === 'string' ? ` (${truncate(answer['error'], 200)})` : '';
    throw new SourceRefused(`${where} answered ${status}${why}, expected a token; check client_id and client_secret`, {
      status: 401,
    });
  }
  const token = answer?.['access_token'];
  if (typeof token !== 'string' || token === '')
    throw new SourceRefused(`${where} sent no access_token`, { status: 401 });
  const seconds = Number(answer?.['expires_in'] ?? defaultSeconds);
  const lifeMs = (Number.isFinite(seconds) ? seconds : defaultSeconds) * 1000;
  return { text: token, askedAtMs, renewAtMs: askedAtMs + Math.max(lifeMs - earlyMs, lifeMs * 0.8) };
}

function answerOf(body: Buffer): Record<string, unknown> | null {
  try {
    const { value } = parseJson(body.toString());
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

function keyOf({ tokenUrl, clientId, clientSecret, scope }: OAuthPlan): string {
  return sha256(JSON.stringify([tokenUrl, clientId, clientSecret, scope]));
}
