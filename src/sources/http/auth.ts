import { createHash } from 'node:crypto';
import { excerpt } from '../../domain/excerpt.ts';
import { SourceRefused, SourceUnavailable } from '../../domain/errors.ts';
import { parseJson } from '../../domain/json.ts';
import type { AuthPlan } from '../../domain/plan-parts.ts';
import { createRedactor, type Redact } from '../../domain/redact.ts';
import type { HttpPlanBase } from '../../domain/source.ts';
import type { HttpClient } from './http-client.ts';

/** What a request carries to prove who asks. */
export interface Credentials {
  readonly headers: Readonly<Record<string, string>>;
  readonly params: Readonly<Record<string, string>>;
}

/** Access tokens that token endpoints gave out, kept until shortly before they expire. */
export interface AccessTokens {
  /** The credentials of a source whose secrets are filled in. @throws SourceUnavailable, SourceRefused */
  credentials(plan: HttpPlanBase): Promise<Credentials>;
  /** Forgets the token of a source; tells whether there was one, so that asking again makes sense. */
  forget(plan: HttpPlanBase): boolean;
  /** All tokens in use: what must never be printed. */
  secrets(): readonly string[];
  /** Takes them out of a text, as they are at each call. */
  redact: Redact;
}

interface AccessToken {
  readonly text: string;
  readonly renewAtMs: number;
}

const none: Credentials = { headers: {}, params: {} };
/** A token is renewed this long before it expires, or after four fifths of its life if that is later. */
const earlyMs = 30_000;
/** Where the endpoint does not say how long a token lasts. */
const defaultSeconds = 300;
const maxTokenBytes = 1024 * 1024;

export function createAccessTokens(client: HttpClient): AccessTokens {
  const tokens = new Map<string, AccessToken>();
  const asking = new Map<string, Promise<AccessToken>>();
  const secrets = () => [...tokens.values()].map(({ text }) => text);
  /** For the tokens as they are; null where they have changed since it was made. */
  let redact: Redact | null = null;

  /** Requests beside each other wait for one token; none of them can cancel it for the others. */
  async function tokenOf(plan: HttpPlanBase, auth: OAuthPlan): Promise<string> {
    const key = keyOf(auth);
    const known = tokens.get(key);
    if (known && known.renewAtMs > Date.now()) return known.text;
    const asked = asking.get(key) ?? requestToken(client, plan, auth).finally(() => asking.delete(key));
    asking.set(key, asked);
    const token = await asked;
    tokens.set(key, token);
    redact = null;
    return token.text;
  }

  return {
    async credentials(plan) {
      const { auth } = plan;
      if (auth?.type !== 'oauth2_client_credentials') return staticCredentials(auth);
      return { headers: { authorization: `Bearer ${await tokenOf(plan, auth)}` }, params: {} };
    },
    forget({ auth }) {
      redact = null;
      return auth?.type === 'oauth2_client_credentials' && tokens.delete(keyOf(auth));
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
      return { headers: { authorization: `Bearer ${auth.token}` }, params: {} };
    case 'http_basic': {
      const pair = Buffer.from(`${auth.username}:${auth.password}`).toString('base64');
      return { headers: { authorization: `Basic ${pair}` }, params: {} };
    }
    case 'api_key':
      return auth.location === 'header'
        ? { headers: { [auth.name]: auth.apiKey }, params: {} }
        : { headers: {}, params: { [auth.name]: auth.apiKey } };
    default:
      return none;
  }
}

/** RFC 6749 §4.4, with the client's secret in the body, as most token endpoints want it. */
async function requestToken(client: HttpClient, plan: HttpPlanBase, auth: OAuthPlan): Promise<AccessToken> {
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: auth.clientId,
    client_secret: auth.clientSecret,
    ...(auth.scope === null ? {} : { scope: auth.scope }),
  });
  const askedAtMs = Date.now();
  const { status, body } = await client.send(
    {
      ...{ subject: `${plan.name} (auth.token_url)`, url: auth.tokenUrl, method: 'POST', body: form.toString() },
      headers: { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' },
      own: { origin: new URL(auth.tokenUrl).origin, headers: {} },
      ...{ allowPrivate: plan.allowPrivate, timeoutMs: plan.timeoutMs, maxBodyBytes: maxTokenBytes, proxy: plan.proxy },
    },
    new AbortController().signal,
  );
  const where = `fetch: ${plan.name}: auth.token_url`;
  if (status === 429 || status >= 500) throw new SourceUnavailable(`${where} answered ${status}, expected a token`);
  const answer = answerOf(body);
  if (status < 200 || status >= 300) {
    const why = typeof answer?.['error'] === 'string' ? ` (${excerpt(answer['error'], 200)})` : '';
    throw new SourceRefused(`${where} answered ${status}${why}, expected a token; check client_id and client_secret`);
  }
  const token = answer?.['access_token'];
  if (typeof token !== 'string' || token === '') throw new SourceRefused(`${where} sent no access_token, expected one`);
  const seconds = Number(answer?.['expires_in'] ?? defaultSeconds);
  const lifeMs = (Number.isFinite(seconds) ? seconds : defaultSeconds) * 1000;
  return { text: token, renewAtMs: askedAtMs + Math.max(lifeMs - earlyMs, lifeMs * 0.8) };
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
  return createHash('sha256')
    .update(JSON.stringify([tokenUrl, clientId, clientSecret, scope]))
    .digest('hex');
}
