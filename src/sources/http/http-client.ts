import type { Readable } from 'node:stream';
import { Agent, request as send } from 'undici';
import { DaybookError, messageOf, OverLimit, SourceRefused, SourceUnavailable } from '../../domain/errors.ts';
import { createLookup, refuseHost, type Reach } from './address-guard.ts';
import { readBody } from './decode-body.ts';

export interface HttpRequest {
  /** Who asks, for messages: the source's name. */
  readonly subject: string;
  readonly url: string;
  /** Sent to the origin of `url` only, never across a redirect to another. */
  readonly headers: Readonly<Record<string, string>>;
  readonly allowPrivate: boolean;
  /** Deadline for everything: redirects, headers, body. */
  readonly timeoutMs: number;
  readonly maxBodyBytes: number;
}

export interface HttpResponse {
  readonly status: number;
  /** Names in lower case; repeated ones joined by a comma. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Fetches over HTTP with Daybook's rules: deadline, limits, redirects, no private addresses. */
export interface HttpClient {
  /** @throws DaybookError; the signal's reason where it was aborted */
  get(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse>;
  close(): Promise<void>;
}

const maxRedirects = 10;
const maxHeaderBytes = 64 * 1024;

export function createHttpClient(userAgent: string): HttpClient {
  // The body's own deadline is the request's: undici's timers would only cut it shorter.
  const options = { headersTimeout: 0, bodyTimeout: 0, maxHeaderSize: maxHeaderBytes };
  const agents: Readonly<Record<Reach, Agent>> = {
    any: new Agent(options),
    public: new Agent({ ...options, connect: { lookup: createLookup('public') } }),
    'not-link-local': new Agent({ ...options, connect: { lookup: createLookup('not-link-local') } }),
  };
  return {
    async get(request, signal) {
      const deadline = AbortSignal.timeout(request.timeoutMs);
      try {
        return await follow(request, AbortSignal.any([signal, deadline]));
      } catch (error) {
        signal.throwIfAborted();
        throw failureOf(error, request, deadline.aborted);
      }
    },
    async close() {
      await Promise.all(Object.values(agents).map((agent) => agent.destroy()));
    },
  };

  async function follow(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
    let url = new URL(request.url);
    let ownOrigin = true;
    for (let redirects = 0; ; redirects++) {
      const reach = reachOf(request, ownOrigin);
      refuseHost(url, reach, request.subject);
      const { statusCode, headers, body } = await send(url, {
        dispatcher: agents[reach],
        headers: {
          'user-agent': userAgent,
          'accept-encoding': 'gzip, deflate, br',
          ...(ownOrigin ? lowerCase(request.headers) : {}),
        },
        signal,
      });
      const location = headers['location'];
      if (![301, 302, 303, 307, 308].includes(statusCode) || location === undefined) {
        const named = joined(headers);
        return { status: statusCode, headers: named, body: await readWhole(body, request, named) };
      }
      await body.dump({ limit: 16_384, signal });
      if (redirects === maxRedirects) {
        throw new OverLimit(`fetch: ${request.subject} redirects more than ${maxRedirects} times`);
      }
      const next = redirectTarget(String(location), url, request.subject);
      ownOrigin &&= next.origin === url.origin;
      url = next;
    }
  }
}

/** With `allow_private` a source's own host may be anywhere; where it redirects to may not be a cloud's metadata. */
function reachOf(request: HttpRequest, ownOrigin: boolean): Reach {
  if (!request.allowPrivate) return 'public';
  return ownOrigin ? 'any' : 'not-link-local';
}

async function readWhole(
  body: Readable,
  request: HttpRequest,
  headers: Readonly<Record<string, string>>,
): Promise<Buffer> {
  return readBody(body, headers['content-encoding'], {
    subject: request.subject,
    maxBytes: request.maxBodyBytes,
  });
}

function redirectTarget(location: string, from: URL, subject: string): URL {
  const target = URL.canParse(location, from.href) ? new URL(location, from.href) : null;
  if (target && /^https?:$/.test(target.protocol)) return target;
  throw new SourceRefused(`fetch: ${subject} redirects to ${target?.protocol ?? 'no URL'}, expected http or https`);
}

function failureOf(error: unknown, request: HttpRequest, timedOut: boolean): unknown {
  if (timedOut) {
    const seconds = request.timeoutMs / 1000;
    return new SourceUnavailable(`fetch: ${request.subject} did not answer in full within ${seconds} s (timeout)`);
  }
  const known = [error, error instanceof Error ? error.cause : undefined].find((e) => e instanceof DaybookError);
  if (known) return known;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'UND_ERR_HEADERS_OVERFLOW' || code === 'HPE_HEADER_OVERFLOW') {
    return new OverLimit(`fetch: ${request.subject} sent headers of more than ${maxHeaderBytes} bytes`);
  }
  return new SourceUnavailable(`fetch: ${request.subject} could not be reached: ${messageOf(error)}`, { cause: error });
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
