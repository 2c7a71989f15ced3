import type { Readable } from 'node:stream';
import { codeOf, DaybookError, messageOf, OverLimit, SourceRefused, SourceUnavailable } from '../../domain/errors.ts';
import type { RequestMethod } from '../../domain/plan/export-plan.ts';
import { headerValueProblem } from '../../domain/text/header-value.ts';
import type { TlsPlan } from '../../domain/plan/auth-plan.ts';
import { withCookie, type RequestCookies } from '../auth/cookies.ts';
import { TlsFiles } from '../auth/tls-files.ts';
import type { NameLookup, Reach } from './address-guard.ts';
import { readBody } from './decode-body.ts';
import { Deadline } from './deadline.ts';
import { Dispatchers, maxHeaderBytes } from './dispatchers.ts';
import { rawQuery } from './raw-query.ts';
import { namingFailures, readStart, type BodyStreaming, type LeftOrigin, type StartedResponse } from './stream-body.ts';
import { routeOf, type ProxySettings } from '../../formats/proxy-route.ts';

export interface HttpRequest {
  /** The source's name, for messages. */
  readonly subject: string;
  readonly url: string;
  readonly method: RequestMethod;
  readonly body: string | null;
  /** For any server: what is requested. */
  readonly headers: Readonly<Record<string, string>>;
  /** Configured headers and secrets: sent to this origin only, never across a redirect to another. */
  readonly own: {
    readonly origin: string;
    readonly headers: Readonly<Record<string, string>>;
    /** A record gave the address: with `allow_private` it may not be a cloud's metadata. */
    readonly isGiven?: true;
  };
  readonly allowPrivate: boolean;
  /** Deadline for everything: redirects, headers, body. */
  readonly timeoutMs: number;
  readonly maxBodyBytes: number;
  /** Those of a session: sent and taken on each hop, by its own rules. */
  readonly cookies?: RequestCookies;
  /** What connections to the own origin prove themselves with, and what they trust. */
  readonly tls?: TlsPlan;
  /** A redirect with this status is the answer. */
  readonly unfollowed?: number | null;
  /** Called for each redirect, before it is followed or refused: errors from then on may name where it leads. */
  readonly onRedirect?: () => void;
  /** A longer body is cut off there, instead of being refused. */
  readonly cutOff?: boolean;
  /** Address of a proxy; null = what the environment says. */
  readonly proxy: string | null;
  /** A body that may be too large to be held. @default every body is read whole */
  readonly stream?: BodyStreaming;
}

export type HttpResponse = StartedResponse;

interface RequestContext {
  readonly deadline: Deadline;
  readonly signal: AbortSignal;
}

/** Fetches over HTTP with Daybook's rules: deadline, limits, redirects, no private addresses. */
export interface HttpClient {
  /** @throws DaybookError; the signal's reason where it was aborted */
  send(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse>;
  close(): Promise<void>;
}

const maxRedirects = 10;
const redirects3xx = [301, 302, 303, 307, 308];

/**
 * @param lookUp how names are looked up; default: as the system does
 * @param resolvePath makes the path of a certificate or key absolute
 */
export function createHttpClient(
  userAgent: string,
  environment: ProxySettings = {},
  lookUp?: NameLookup,
  resolvePath: (path: string) => string = (path) => path,
): HttpClient {
  const dispatchers = new Dispatchers(lookUp);
  const tlsFiles = new TlsFiles(resolvePath);
  return {
    async send(request, signal) {
      assertHeaders(request);
      const deadline = new Deadline(request.timeoutMs);
      const context = { deadline, signal: AbortSignal.any([signal, deadline.signal]) };
      const failure = (error: unknown) => {
        signal.throwIfAborted();
        return failureOf(error, request, deadline.signal.aborted);
      };
      let response: HttpResponse;
      try {
        response = await follow(request, context);
      } catch (error) {
        deadline.stop();
        throw failure(error);
      }
      if (!response.rest) deadline.stop();
      return response.rest ? { ...response, rest: namingFailures(response.rest, failure) } : response;
    },
    close: () => dispatchers.close(),
  };

  async function follow(request: HttpRequest, { deadline, signal }: RequestContext): Promise<HttpResponse> {
    let url = new URL(request.url);
    let query = rawQuery(request.url, url);
    let { method, body: content }: Pick<HttpRequest, 'method' | 'body'> = request;
    let own = url.origin === request.own.origin;
    let leftOrigin: LeftOrigin | null = null;
    for (let redirects = 0; ; redirects++) {
      const reach = reachOf(request, own && request.own.isGiven !== true);
      const route = routeOf(url, request.proxy, environment);
      const tls = own && request.tls ? await tlsFiles.read(request.tls, request.subject) : null;
      const dispatcher = dispatchers.of(url, route, reach, request.subject, tls);
      const cookie = request.cookies?.header(url) ?? null;
      const { statusCode, headers, body } = await dispatcher.request({
        origin: url.origin,
        path: `${url.pathname}${query}`,
        method,
        body: content,
        headers: {
          'user-agent': userAgent,
          'accept-encoding': 'gzip, deflate, br',
          ...carried(request, own, cookie),
        },
        signal,
      });
      request.cookies?.take(url, [headers['set-cookie'] ?? []].flat());
      const location = headers['location'];
      const isRedirect = redirects3xx.includes(statusCode) && statusCode !== request.unfollowed;
      if (!isRedirect || location === undefined) {
        const head = { status: statusCode, headers: joined(headers), url: url.href, ...(leftOrigin && { leftOrigin }) };
        if (request.stream?.wants(head) === true)
          return readStart(body, request.subject, request.stream, head, deadline);
        return { ...head, body: await readWhole(body, request, head.headers) };
      }
      // It is not read: an endless body must not delay the redirect.
      body.on('error', () => {}).destroy();
      request.onRedirect?.();
      if (redirects === maxRedirects) {
        throw new OverLimit(`fetch: ${request.subject} redirects more than ${maxRedirects} times`);
      }
      const next = redirectTarget(String(location), url, request.subject);
      if (url.protocol === 'https:' && next.protocol === 'http:') {
        throw new SourceRefused(
          `fetch: ${request.subject} redirects from ${url.origin} to ${next.origin}, which is not encrypted; set url to that address if that is acceptable`,
        );
      }
      if (own && next.origin !== url.origin) {
        own = false;
        leftOrigin = { from: url.origin, to: next.origin };
      }
      if (statusCode === 303 || (method === 'POST' && statusCode < 303)) [method, content] = ['GET', null];
      // What was posted is configured, too: it may hold a secret.
      if (!own && (content !== null || !['GET', 'POST'].includes(method))) {
        throw new SourceRefused(
          `fetch: ${request.subject} redirects a ${method} to ${next.origin}; it is followed only within ${request.own.origin}`,
        );
      }
      url = next;
      query = rawQuery(String(location), next);
    }
  }
}

/** No attempt could send them. @throws SourceRefused */
function assertHeaders({ subject, headers, own }: HttpRequest): void {
  for (const [name, value] of Object.entries({ ...headers, ...own.headers })) {
    const problem = headerValueProblem(value);
    if (problem !== null) throw new SourceRefused(`fetch: ${subject}: header ${name}: ${problem}`);
  }
}

/** With `allow_private` a source's own host may be anywhere; where it redirects to may not be a cloud's metadata. */
function reachOf(request: HttpRequest, own: boolean): Reach {
  if (!request.allowPrivate) return 'public';
  return own ? 'any' : 'not-link-local';
}
async function readWhole(
  body: Readable,
  request: HttpRequest,
  headers: Readonly<Record<string, string>>,
): Promise<Buffer> {
  return readBody(body, headers['content-encoding'], {
    subject: request.subject,
    maxBytes: request.maxBodyBytes,
    cutOff: request.cutOff === true,
  });
}

function redirectTarget(location: string, from: URL, subject: string): URL {
  const target = URL.canParse(location, from.href) ? new URL(location, from.href) : null;
  if (target && /^https?:$/.test(target.protocol)) return target;
  throw new SourceRefused(
    `fetch: ${subject} redirects to ${target?.protocol ?? 'an invalid URL'}, expected http or https`,
  );
}

function failureOf(error: unknown, request: HttpRequest, timedOut: boolean): unknown {
  if (timedOut) {
    const seconds = request.timeoutMs / 1000;
    return new SourceUnavailable(`fetch: ${request.subject} did not answer completely within ${seconds} s (timeout)`);
  }
  const known = [error, error instanceof Error ? error.cause : undefined].find((e) => e instanceof DaybookError);
  if (known) return known;
  const code = codeOf(error) ?? '';
  if (code === 'UND_ERR_HEADERS_OVERFLOW' || code === 'HPE_HEADER_OVERFLOW') {
    return new OverLimit(`fetch: ${request.subject} sent headers of more than ${maxHeaderBytes} bytes`);
  }
  return new SourceUnavailable(`fetch: ${request.subject} could not be reached: ${messageOf(error)}`, { cause: error });
}

function carried({ headers, own: { headers: ownHeaders } }: HttpRequest, own: boolean, cookie: string | null) {
  const all = { ...lowerCase(headers), ...(own ? lowerCase(ownHeaders) : {}) };
  return cookie === null ? all : withCookie(all, cookie);
}

function lowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

function joined(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name.toLowerCase(), Array.isArray(value) ? value.join(', ') : value]],
    ),
  );
}
