import { setTimeout as sleep } from 'node:timers/promises';
import { HostBusy, SourceRefused, SourceUnavailable, type DaybookError } from '../../domain/errors.ts';
import { type HostBudget, type HostLimit, maxWaitMs, stricter } from '../../domain/plan/host-budget.ts';
import { hiddenValue, hidesValues } from '../../domain/plan/shaping-plan.ts';
import type { Metrics } from '../../domain/run/metrics.ts';
import type { HttpPlanBase } from '../../domain/plan/source-plan.ts';
import type { FetchContext } from '../extraction/fetch-context.ts';
import type { Credentials } from '../auth/credentials.ts';
import type { AccessTokens } from './auth.ts';
import { hidingAddress } from './hidden-address.ts';
import type { HttpClient, HttpResponse } from './http-client.ts';
import type { BodyStreaming } from './stream-body.ts';
import { isTrusted, ownOrigin } from './own-origin.ts';
import { askedWait } from './rate-limit.ts';
import { contentOf, fixedHeaders, ownHeaders, withoutParameters, withoutSecrets } from './request-parts.ts';
import { isExpired, refusesToken, ruleFor, type RuledAction } from './response-rules.ts';
import { setParameter } from './raw-query.ts';
import type { RobotsRules } from './robots.ts';
import { statusError, type AskedPage } from './status.ts';

/** What fetching a page takes besides a plan. */
export interface HttpTools {
  readonly client: HttpClient;
  readonly tokens: AccessTokens;
  readonly robots: RobotsRules;
  readonly budget: HostBudget;
  /** The strictest `rate_limit` of all sources that ask this host; null = none has one. */
  readonly limitOf: (host: string) => HostLimit | null;
  readonly measures: Metrics;
}

/** One page to be fetched. */
export interface DocumentRequest {
  readonly url: URL;
  /** The same with its query as it is to be sent. @default that of `url` */
  readonly address?: string;
  /** Which one of several it is, such as `page 3`. */
  readonly page?: string;
  /** What a message about a status should propose; empty if there is nothing. */
  readonly advise?: (status: number) => string;
  /** Statuses that are answered with `refused` instead of an error. */
  readonly mayRefuse?: ReadonlySet<number>;
  /** Whether `url` came from the source itself: then the configured body does not belong to it. */
  readonly followed: boolean;
  /** Headers and body with their placeholders filled in; absent = those of the plan. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | null;
  /** What it is, for messages that must not show its address. */
  readonly name?: string;
  /** An answer gave the address: with `allow_private` it may not be link-local. */
  readonly isGiven?: true;
  readonly accept: string;
  readonly conditions: Readonly<Record<string, string>>;
  /** A body that may be too large to be held. @default every body is read whole */
  readonly stream?: BodyStreaming;
  /** Requests the bytes as they are, not compressed for the way: they can be counted. */
  readonly identity?: boolean;
  /** Requests the body of this version from a byte on; any other answer is one of a whole body. */
  readonly range?: { readonly from: number; readonly etag: string };
}

/** What a source answered. */
export type Answer =
  | { readonly kind: 'document'; readonly response: HttpResponse; readonly fetchedAt: Date }
  | { readonly kind: 'not_modified'; readonly response: HttpResponse; readonly fetchedAt: Date }
  /** A rule of `on_response` says that there is nothing to read. */
  | { readonly kind: 'ignored'; readonly fetchedAt: Date }
  /** By one of the statuses that the request is prepared for. */
  | { readonly kind: 'refused'; readonly status: number; readonly fetchedAt: Date }
  /** The source asked for a longer pause than a run waits. */
  | { readonly kind: 'rate_limited'; readonly notBefore: Date; readonly fetchedAt: Date };

/** How long a request waits for its slot; for a longer wait the attempt is repeated later. */
const timeoutMs = 8_000;

/**
 * Fetches a page of a source politely: robots.txt, the host's queue, credentials, rules for responses.
 * @throws SourceUnavailable, SourceRefused, HostBusy, RobotsDisallowed and what `HttpClient.send` throws
 */
export async function fetchDocument(
  plan: HttpPlanBase,
  page: DocumentRequest,
  tools: HttpTools,
  context: Pick<FetchContext, 'signal'>,
): Promise<Answer> {
  const request = plan.document ? { ...page, ...plan.document } : page;
  for (let attempt = 1; ; attempt++) {
    const { response, used } = await sendWithCredentials(plan, request, tools, context);
    let answer: Answer | null = null;
    try {
      answer = await answerOf(plan, request, response, tools, { used, isLast: attempt >= keysOf(plan) });
      if (answer) return answer;
    } finally {
      if (answer?.kind !== 'document') response.rest?.close();
    }
  }
}

/** What a response means; null = another key is left for the same request. */
async function answerOf(
  plan: HttpPlanBase,
  request: DocumentRequest,
  response: HttpResponse,
  tools: HttpTools,
  { used, isLast }: { readonly used: Credentials; readonly isLast: boolean },
): Promise<Answer | null> {
  const fetchedAt = new Date();
  const rule = ruleFor(plan, response);
  if (rule === 'ignore') return { kind: 'ignored', fetchedAt };
  if (rule === null && request.mayRefuse?.has(response.status) === true) {
    return { kind: 'refused', status: response.status, fetchedAt };
  }
  const asked = askedWait(response.status, response.headers, fetchedAt);
  const { waitMs } = asked;
  if (rule !== 'fail' && asked.isRateLimit && waitMs !== null) {
    const notBefore = new Date(fetchedAt.getTime() + waitMs);
    // The quota of a key says nothing about the host.
    const ofKey = used.key !== undefined && response.status < 500;
    const hasOther = ofKey && (await tools.tokens.exhausted(plan, used, notBefore));
    if (hasOther && !isLast) return null;
    if (!ofKey) await tools.budget.slowDown(request.url.host, notBefore);
    if (waitMs > maxWaitMs) return { kind: 'rate_limited', notBefore, fetchedAt };
  }
  if (rule !== null) throw ruledError(plan, response, rule, waitMs);
  if (response.status === 304) return unchanged(plan, request, response, fetchedAt);
  if (response.status === 206 && request.range) return { kind: 'document', response, fetchedAt };
  // Where it redirects may be a value, too.
  const leftOrigin = hidesValues(plan) ? null : response.leftOrigin;
  const error = statusError(response.status, plan.name, asked, leftOrigin, shownPage(plan, request));
  if (error) throw error;
  return { kind: 'document', response, fetchedAt };
}

/** What a message may say of a page: its address may have a value of a record in it. */
function shownPage(plan: HttpPlanBase, request: DocumentRequest): AskedPage {
  return hidesAddress(plan, request) ? { ...request, name: `an address that is ${hiddenValue}` } : request;
}

function hidesAddress(plan: HttpPlanBase, { followed }: DocumentRequest): boolean {
  return (plan.templates === true || followed) && hidesValues(plan);
}

function keysOf({ auth }: HttpPlanBase): number {
  return auth?.type === 'api_keys' ? auth.apiKeys.length : 1;
}

/** An access token may have been withdrawn before its time, a session may be over: another one is asked for, once. */
async function sendWithCredentials(
  plan: HttpPlanBase,
  request: DocumentRequest,
  tools: HttpTools,
  context: Pick<FetchContext, 'signal'>,
): Promise<{ readonly response: HttpResponse; readonly used: Credentials }> {
  const used = await tools.tokens.credentials(plan, context.signal);
  const response = await sendOnce(plan, request, used, tools, context);
  if (!refusesToken(plan, response, used) || !tools.tokens.forget(plan, used)) return { response, used };
  response.rest?.close();
  const other = await tools.tokens.credentials(plan, context.signal);
  const second = await sendOnce(plan, request, other, tools, context);
  if (isExpired(plan, second)) {
    second.rest?.close();
    throw new SourceRefused(
      `fetch: ${plan.name} answered ${second.status} as auth.expired_when says also after a new login, expected a session that lasts; check auth.login and auth.expired_when`,
      { ofCredentials: true },
    );
  }
  return { response: second, used: other };
}

async function sendOnce(
  plan: HttpPlanBase,
  request: DocumentRequest,
  used: Credentials,
  tools: HttpTools,
  context: Pick<FetchContext, 'signal'>,
): Promise<HttpResponse> {
  let isRedirected = false;
  const onRedirect = () => {
    isRedirected = true;
  };
  try {
    return await sendNamed(plan, request, used, tools, { signal: context.signal, onRedirect });
  } catch (error) {
    // What a configured address leads to is from the source, too.
    const hides = hidesAddress(plan, request) || (isRedirected && hidesValues(plan));
    throw hides ? hidingAddress(plan.name, request.url, error) : error;
  }
}

async function sendNamed(
  plan: HttpPlanBase,
  request: DocumentRequest,
  credentials: Credentials,
  tools: HttpTools,
  { signal, onRedirect }: Pick<FetchContext, 'signal'> & { readonly onRedirect: () => void },
): Promise<HttpResponse> {
  const { url, address, followed, accept, conditions, stream, identity, range } = request;
  const own = ownOrigin(plan);
  const delay = plan.obeyRobots ? await tools.robots.check(plan, url, signal) : null;
  await waitForSlot(plan.name, url.host, delay, tools, signal);
  // A trusted origin gets the same as the source's own.
  const trusted = isTrusted(plan, url.origin);
  let target = address ?? url.href;
  if (trusted) {
    for (const [name, value] of Object.entries(credentials.params)) target = setParameter(target, name, value);
  }
  const content = contentOf(plan, request);
  const json = content !== null && typeof plan.body !== 'string';
  const headers = request.headers ?? fixedHeaders(plan);
  const isGiven = request.isGiven === true || (own === null && !trusted);
  if (isGiven && content !== null && plan.secretBody === true) {
    throw new SourceRefused(
      `fetch: ${plan.name} leads to ${url.origin}, but its body has a secret, which is sent only to origins; add "${url.origin}" to origins if that is acceptable`,
    );
  }
  const response = await tools.client.send(
    {
      subject: plan.name,
      url: target,
      body: content,
      method: followed ? 'GET' : plan.method,
      headers: {
        accept,
        ...(json ? { 'content-type': 'application/json' } : {}),
        ...(identity ? { 'accept-encoding': 'identity' } : {}),
        ...(range ? { range: `bytes=${range.from}-`, 'if-range': range.etag } : {}),
      },
      own: {
        origin: trusted || own === null ? url.origin : own,
        headers: isGiven ? withoutSecrets(plan, headers) : ownHeaders(headers, credentials, conditions),
        ...(isGiven ? { isGiven } : {}),
      },
      ...(credentials.cookies ? { cookies: credentials.cookies } : {}),
      ...(plan.tls && !isGiven ? { tls: plan.tls } : {}),
      ...(plan.auth?.type === 'session' ? { unfollowed: plan.auth.expiredWhen?.status ?? null } : {}),
      onRedirect,
      allowPrivate: plan.allowPrivate,
      timeoutMs: plan.timeoutMs,
      maxBodyBytes: plan.maxBodyBytes,
      proxy: plan.proxy,
      ...(stream ? { stream } : {}),
    },
    signal,
  );
  const hidden = [...Object.keys(credentials.params), ...(plan.secretParams ?? [])];
  return hidden.length === 0 ? response : { ...response, url: withoutParameters(response.url, hidden) };
}

/** Waits for a slot at the host, if it comes soon. */
export async function waitForSlot(
  subject: string,
  host: string,
  robotsDelaySeconds: number | null,
  { budget, limitOf, measures }: HttpTools,
  signal: AbortSignal,
): Promise<void> {
  const robots = robotsDelaySeconds === null ? null : { requests: 1, perMs: robotsDelaySeconds * 1_000 };
  const limit = stricter(limitOf(host), robots);
  for (let waitedMs = 0; ;) {
    const turn = await budget.take(host, limit, new Date());
    waitedMs += turn.waitMs;
    // Interrupting the work would restart its attempts.
    if (turn.kind === 'later' && waitedMs > timeoutMs) {
      throw new HostBusy(`fetch: ${subject} waits ${turn.waitMs} ms for a slot at ${host}`, turn.waitMs);
    }
    if (turn.waitMs > 0) {
      await sleep(turn.waitMs, undefined, { signal });
      measures.throttled(subject, turn.waitMs);
    }
    if (turn.kind === 'go') return;
  }
}

function ruledError(
  plan: HttpPlanBase,
  { status }: HttpResponse,
  action: Exclude<RuledAction, 'ignore'>,
  retryAfterMs: number | null,
): DaybookError {
  if (action === 'reauthenticate') {
    return new SourceRefused(
      plan.auth?.type === 'session'
        ? `fetch: ${plan.name} answered ${status} also after a new login, expected 200 or 304; check auth.login and on_response`
        : `fetch: ${plan.name} answered ${status} also with a new access token, expected 200 or 304; check client_id, client_secret, scope and on_response`,
      { status },
    );
  }
  const message = `fetch: ${plan.name} answered ${status}; on_response: ${action}`;
  if (action === 'fail') return new SourceRefused(message);
  return new SourceUnavailable(message, retryAfterMs === null ? {} : { retryAfterMs });
}

function unchanged(plan: HttpPlanBase, request: DocumentRequest, response: HttpResponse, fetchedAt: Date): Answer {
  if (Object.keys(request.conditions).length > 0) return { kind: 'not_modified', response, fetchedAt };
  throw new SourceUnavailable(`fetch: ${plan.name} answered 304 to an unconditional request, expected 200`);
}
