import { setTimeout as sleep } from 'node:timers/promises';
import { HostBusy, SourceRefused, SourceUnavailable, type DaybookError } from '../../domain/errors.ts';
import type { HostBudget, HostLimit } from '../../domain/host-budget.ts';
import type { Measures } from '../../domain/measures.ts';
import { longestWaitMs, stricter, unsaidWaitMs } from '../../domain/host-budget.ts';
import type { HttpPlanBase } from '../../domain/source.ts';
import type { FetchContext } from '../page.ts';
import type { AccessTokens, Credentials } from './auth.ts';
import { decodeText } from './charset.ts';
import type { HttpClient, HttpResponse } from './http-client.ts';
import { parseRetryAfter } from './retry-after.ts';
import type { RobotsRules } from './robots.ts';
import { statusError } from './status.ts';

/** What fetching a page takes besides a plan. */
export interface HttpTools {
  readonly client: HttpClient;
  readonly tokens: AccessTokens;
  readonly robots: RobotsRules;
  readonly budget: HostBudget;
  /** The strictest `rate_limit` of all sources that ask this host; null = none has one. */
  readonly limitOf: (host: string) => HostLimit | null;
  readonly measures: Measures;
}

/** One page to be fetched. */
export interface DocumentRequest {
  readonly url: URL;
  /** Whether `url` came from the source itself: then the configured body does not belong to it. */
  readonly followed: boolean;
  readonly accept: string;
  readonly conditions: Readonly<Record<string, string>>;
}

/** What a source answered. */
export type Answer =
  | { readonly kind: 'document'; readonly response: HttpResponse; readonly fetchedAt: Date }
  | { readonly kind: 'not_modified'; readonly response: HttpResponse; readonly fetchedAt: Date }
  /** A rule of `on_response` says that there is nothing to see. */
  | { readonly kind: 'ignored'; readonly fetchedAt: Date }
  /** The source wants to be left alone for longer than a run waits. */
  | { readonly kind: 'rate_limited'; readonly notBefore: Date; readonly fetchedAt: Date };

/** How long a request waits for its turn; whoever would wait longer comes again. */
const patienceMs = 8_000;

/**
 * Fetches a page of a source politely: robots.txt, the host's line, credentials, rules for responses.
 * @throws SourceUnavailable, SourceRefused, HostBusy, RobotsDisallowed and what `HttpClient.send` throws
 */
export async function fetchDocument(
  plan: HttpPlanBase,
  request: DocumentRequest,
  tools: HttpTools,
  context: FetchContext,
): Promise<Answer> {
  const response = await sendWithCredentials(plan, request, tools, context);
  const fetchedAt = new Date();
  const retryAfterMs = parseRetryAfter(response.headers['retry-after'], fetchedAt);
  const rule = ruleFor(plan, response);
  if (rule === 'ignore') return { kind: 'ignored', fetchedAt };
  const refused = response.status === 429 || response.status === 503;
  // A 429 that does not say for how long: the next attempt must not come before the host is open again.
  const waitMs = retryAfterMs ?? (response.status === 429 ? unsaidWaitMs : 0);
  const retryMs = waitMs > 0 ? waitMs : null;
  if (rule !== 'fail' && refused) {
    if (waitMs > 0) await tools.budget.slowDown(request.url.host, new Date(fetchedAt.getTime() + waitMs));
    if (waitMs > longestWaitMs) {
      return { kind: 'rate_limited', notBefore: new Date(fetchedAt.getTime() + waitMs), fetchedAt };
    }
  }
  if (rule !== null) throw ruledError(plan, response, rule, retryMs);
  if (response.status === 304) return unchanged(plan, request, response, fetchedAt);
  const error = statusError(response.status, plan.name, retryMs);
  if (error) throw error;
  return { kind: 'document', response, fetchedAt };
}

/** An access token may have been withdrawn before its time: it is asked for anew, once. */
async function sendWithCredentials(
  plan: HttpPlanBase,
  request: DocumentRequest,
  tools: HttpTools,
  context: FetchContext,
): Promise<HttpResponse> {
  const first = await sendOnce(plan, request, await tools.tokens.credentials(plan), tools, context);
  if (first.status !== 401 || !tools.tokens.forget(plan)) return first;
  return sendOnce(plan, request, await tools.tokens.credentials(plan), tools, context);
}

async function sendOnce(
  plan: HttpPlanBase,
  { url, followed, accept, conditions }: DocumentRequest,
  credentials: Credentials,
  tools: HttpTools,
  { signal }: FetchContext,
): Promise<HttpResponse> {
  const { origin } = new URL(plan.url);
  const delay = plan.obeyRobots ? await tools.robots.check(plan, url, signal) : null;
  await takeTurn(plan.name, url.host, delay, tools, signal);
  const target = new URL(url);
  if (target.origin === origin) {
    for (const [name, value] of Object.entries(credentials.params)) target.searchParams.set(name, value);
  }
  const body = plan.method === 'POST' && !followed ? plan.body : undefined;
  const content = body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body);
  const json = content !== null && typeof body !== 'string';
  const response = await tools.client.send(
    {
      ...{ subject: plan.name, url: target.href, body: content },
      method: followed ? 'GET' : plan.method,
      headers: { accept, ...(json ? { 'content-type': 'application/json' } : {}) },
      own: { origin, headers: { ...plan.headers, ...credentials.headers, ...conditions } },
      ...{ allowPrivate: plan.allowPrivate, timeoutMs: plan.timeoutMs, maxBodyBytes: plan.maxBodyBytes },
      proxy: plan.proxy,
    },
    signal,
  );
  const hidden = [...Object.keys(credentials.params), ...(plan.secretParams ?? [])];
  return hidden.length === 0 ? response : { ...response, url: withoutParameters(response.url, hidden) };
}

/** Links start from the page's address: what a record holds must not depend on a key, nor show it. */
function withoutParameters(address: string, names: readonly string[]): string {
  const url = new URL(address);
  for (const name of names) url.searchParams.delete(name);
  return url.href;
}

/** Waits for the host's turn, if it comes soon. */
export async function takeTurn(
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
    // Giving the work up for a moment would begin its attempts anew.
    if (turn.kind === 'later' && waitedMs > patienceMs) {
      throw new HostBusy(`fetch: ${subject} waits ${turn.waitMs} ms for its turn at ${host}`, turn.waitMs);
    }
    if (turn.waitMs > 0) {
      await sleep(turn.waitMs, undefined, { signal });
      measures.throttled(subject, turn.waitMs);
    }
    if (turn.kind === 'go') return;
  }
}

function ruleFor(plan: HttpPlanBase, { status, headers, body }: HttpResponse): 'retry' | 'fail' | 'ignore' | null {
  if (plan.onResponse.length === 0) return null;
  let text: string | null = null;
  const rule = plan.onResponse.find((candidate) => {
    if (candidate.status !== null && candidate.status !== status) return false;
    if (candidate.bodyContains === null) return true;
    text ??= decodeText(body, headers['content-type']);
    return text.includes(candidate.bodyContains);
  });
  return rule?.action ?? null;
}

function ruledError(
  plan: HttpPlanBase,
  { status }: HttpResponse,
  action: 'retry' | 'fail',
  retryAfterMs: number | null,
): DaybookError {
  const message = `fetch: ${plan.name} answered ${status}, which on_response says to ${action}`;
  if (action === 'fail') return new SourceRefused(message);
  return new SourceUnavailable(message, retryAfterMs === null ? {} : { retryAfterMs });
}

function unchanged(plan: HttpPlanBase, request: DocumentRequest, response: HttpResponse, fetchedAt: Date): Answer {
  if (Object.keys(request.conditions).length > 0) return { kind: 'not_modified', response, fetchedAt };
  throw new SourceUnavailable(`fetch: ${plan.name} answered 304 although no condition was sent, expected 200`);
}
