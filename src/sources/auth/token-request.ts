import { SourceRefused } from '../../domain/errors.ts';
import type { ClientCredentialsPlan, RefreshTokenPlan } from '../../domain/plan/auth-plan.ts';
import type { HttpPlanBase } from '../../domain/plan/source-plan.ts';
import { clientPair } from '../../domain/secrets/client-pair.ts';
import { truncate } from '../../domain/secrets/redact.ts';
import { jsonOrNull } from '../../formats/exact-json.ts';
import type { HttpClient } from '../http/http-client.ts';
import { askedWait } from '../http/rate-limit.ts';
import { passingError } from '../http/status.ts';

/** A source that asks a token endpoint. */
export type TokenPlan = Omit<HttpPlanBase, 'auth'> & { readonly auth: ClientCredentialsPlan | RefreshTokenPlan };

export type TokenAnswer =
  | {
      readonly kind: 'granted';
      readonly accessToken: string;
      /** Null = the one that was sent stays valid. */
      readonly refreshToken: string | null;
      readonly askedAtMs: number;
      readonly renewAtMs: number;
    }
  /** `code`: what RFC 6749 §5.2 calls the cause, such as `invalid_grant`; null = it does not say. */
  | { readonly kind: 'refused'; readonly code: string | null; readonly error: SourceRefused };

/** A token is renewed this long before it expires, or after four fifths of its life if that is later. */
const earlyMs = 30_000;
/** Where the endpoint does not say how long a token lasts. */
const defaultSeconds = 300;
const maxTokenBytes = 1024 * 1024;

/**
 * Asks a token endpoint (RFC 6749 §4.4, §6), with the client's secret in the body, as most want it, or in the header (§2.3.1).
 * @param grant what the client shows, besides its own id and secret
 * @throws SourceUnavailable and what `HttpClient.send` throws; SourceRefused if the answer has no token
 */
export async function requestToken(
  client: HttpClient,
  plan: TokenPlan,
  grant: Readonly<Record<string, string>> & { readonly grant_type: string },
  { timeoutMs = plan.timeoutMs, now = Date.now }: { readonly timeoutMs?: number; readonly now?: () => number } = {},
): Promise<TokenAnswer> {
  const { auth } = plan;
  const secret = auth.clientSecret;
  const inHeader = auth.credentials === 'header' && secret !== null;
  const basic = inHeader ? Buffer.from(clientPair(auth.clientId, secret)).toString('base64') : '';
  const { grant_type: type, ...shown } = grant;
  const form = new URLSearchParams({
    grant_type: type,
    ...(inHeader ? {} : { client_id: auth.clientId, ...(secret === null ? {} : { client_secret: secret }) }),
    ...shown,
    ...(auth.scope === null ? {} : { scope: auth.scope }),
  });
  const askedAtMs = now();
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
      ...(plan.tls ? { tls: plan.tls } : {}),
      allowPrivate: plan.allowPrivate,
      timeoutMs,
      maxBodyBytes: maxTokenBytes,
      proxy: plan.proxy,
    },
    new AbortController().signal,
  );
  const where = `fetch: ${plan.name}: auth.token_url`;
  const asked = askedWait(status, headers, new Date());
  const passing = passingError(status, `${where} answered ${status}, expected a token`, asked);
  if (passing) throw passing;
  const answer = answerOf(body);
  if (status < 200 || status >= 300) {
    const code = typeof answer?.['error'] === 'string' ? answer['error'] : null;
    const why = code === null ? '' : ` (${truncate(code, 200)})`;
    const error = new SourceRefused(
      `${where} answered ${status}${why}, expected a token; check client_id and client_secret`,
      { ofCredentials: true },
    );
    return { kind: 'refused', code, error };
  }
  const token = answer?.['access_token'];
  if (typeof token !== 'string' || token === '')
    throw new SourceRefused(`${where} sent no access_token`, { ofCredentials: true });
  const next = answer?.['refresh_token'];
  const seconds = Number(answer?.['expires_in'] ?? defaultSeconds);
  const lifeMs = (Number.isFinite(seconds) ? seconds : defaultSeconds) * 1000;
  return {
    kind: 'granted',
    accessToken: token,
    refreshToken: typeof next === 'string' && next !== '' ? next : null,
    askedAtMs,
    renewAtMs: askedAtMs + Math.max(lifeMs - earlyMs, lifeMs * 0.8),
  };
}

function answerOf(body: Buffer): Record<string, unknown> | null {
  const value = jsonOrNull(body.toString())?.value;
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
}
