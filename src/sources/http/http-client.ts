import type { Readable } from 'node:stream';
import { Agent, EnvHttpProxyAgent, ProxyAgent, request as send, type Dispatcher } from 'undici';
import { DaybookError, messageOf, OverLimit, SourceRefused, SourceUnavailable } from '../../domain/errors.ts';
import { createLookup, refuseHost, type Reach } from './address-guard.ts';
import { readBody } from './decode-body.ts';

export interface HttpRequest {
  /** Who asks, for messages: the source's name. */
  readonly subject: string;
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly body: string | null;
  /** For any server: what is asked for. */
  readonly headers: Readonly<Record<string, string>>;
  /** Configured headers and secrets: sent to this origin only, never across a redirect to another. */
  readonly own: { readonly origin: string; readonly headers: Readonly<Record<string, string>> };
  readonly allowPrivate: boolean;
  /** Deadline for everything: redirects, headers, body. */
  readonly timeoutMs: number;
  readonly maxBodyBytes: number;
  /** A longer body is cut off there, instead of being refused. */
  readonly cutOff?: boolean;
  /** Address of a proxy; null = what the environment says. */
  readonly proxy: string | null;
}

export interface HttpResponse {
  readonly status: number;
  /** Names in lower case; repeated ones joined by a comma. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Where the last redirect led. */
  readonly url: string;
}

/** Fetches over HTTP with Daybook's rules: deadline, limits, redirects, no private addresses. */
export interface HttpClient {
  /** @throws DaybookError; the signal's reason where it was aborted */
  send(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse>;
  close(): Promise<void>;
}

/** Proxies that the environment names. */
export interface ProxySettings {
  readonly httpProxy?: string;
  readonly httpsProxy?: string;
  readonly noProxy?: string;
}

const maxRedirects = 10;
const maxHeaderBytes = 64 * 1024;
/** Connections to one origin at a time, from one worker: what browsers allow themselves, and a little more. */
const connectionsPerOrigin = 10;

export function createHttpClient(userAgent: string, environment: ProxySettings = {}): HttpClient {
  // The body's own deadline is the request's: undici's timers would only cut it shorter.
  const options = {
    ...{ headersTimeout: 0, bodyTimeout: 0, maxHeaderSize: maxHeaderBytes },
    connections: connectionsPerOrigin,
  };
  const direct: Readonly<Record<Reach, Agent>> = {
    any: new Agent(options),
    public: new Agent({ ...options, connect: { lookup: createLookup('public') } }),
    'not-link-local': new Agent({ ...options, connect: { lookup: createLookup('not-link-local') } }),
  };
  const proxies = new Map<string, Dispatcher>();
  const fromEnvironment =
    environment.httpProxy || environment.httpsProxy ? proxyFromEnvironment(environment, options) : null;
  return {
    async send(request, signal) {
      const deadline = AbortSignal.timeout(request.timeoutMs);
      try {
        return await follow(request, AbortSignal.any([signal, deadline]));
      } catch (error) {
        signal.throwIfAborted();
        throw failureOf(error, request, deadline.aborted);
      }
    },
    async close() {
      const dispatchers = [
        ...Object.values(direct),
        ...proxies.values(),
        ...(fromEnvironment ? [fromEnvironment] : []),
      ];
      await Promise.all(dispatchers.map((dispatcher) => dispatcher.destroy()));
    },
  };

  /** Behind a proxy it is the proxy that looks names up; addresses written as such are refused all the same. */
  function dispatcherFor(request: HttpRequest, url: URL, reach: Reach): Dispatcher {
    if (request.proxy !== null) {
      const known = proxies.get(request.proxy);
      if (known) return known;
      // A plain request goes to the proxy as such: many refuse a tunnel to port 80.
      const proxy = new ProxyAgent({ ...options, uri: request.proxy, proxyTunnel: false });
      proxies.set(request.proxy, proxy);
      return proxy;
    }
    if (fromEnvironment && isProxied(url, environment)) return fromEnvironment;
    return direct[reach];
  }

  async function follow(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
    let url = new URL(request.url);
    let { method, body: content } = request as { method: string; body: string | null };
    let own = url.origin === request.own.origin;
    for (let redirects = 0; ; redirects++) {
      const reach = reachOf(request, own);
      refuseHost(url, reach, request.subject);
      const { statusCode, headers, body } = await send(url, {
        dispatcher: dispatcherFor(request, url, reach),
        method,
        body: content,
        headers: {
          'user-agent': userAgent,
          'accept-encoding': 'gzip, deflate, br',
          ...lowerCase(request.headers),
          ...(own ? lowerCase(request.own.headers) : {}),
        },
        signal,
      });
      const location = headers['location'];
      if (![301, 302, 303, 307, 308].includes(statusCode) || location === undefined) {
        const named = joined(headers);
        return { status: statusCode, headers: named, body: await readWhole(body, request, named), url: url.href };
      }
      // Nobody reads it: a body that never ends must not hold the redirect up.
      body.on('error', () => {}).destroy();
      if (redirects === maxRedirects) {
        throw new OverLimit(`fetch: ${request.subject} redirects more than ${maxRedirects} times`);
      }
      const next = redirectTarget(String(location), url, request.subject);
      if (url.protocol === 'https:' && next.protocol === 'http:') {
        throw new SourceRefused(
          `fetch: ${request.subject} redirects from ${url.origin} to ${next.origin}, which is not encrypted; set url to that address if you may`,
        );
      }
      own &&= next.origin === url.origin;
      if (statusCode === 303 || (method === 'POST' && statusCode < 303)) [method, content] = ['GET', null];
      // What was posted is configured, too: it may hold a secret.
      if (!own && content !== null) {
        throw new SourceRefused(
          `fetch: ${request.subject} redirects a POST to ${next.origin}, expected to stay at ${request.own.origin}`,
        );
      }
      url = next;
    }
  }
}

function proxyFromEnvironment(settings: ProxySettings, options: Agent.Options): Dispatcher {
  return new EnvHttpProxyAgent({
    ...options,
    ...{ httpProxy: settings.httpProxy ?? '', httpsProxy: settings.httpsProxy ?? settings.httpProxy ?? '' },
    ...{ noProxy: settings.noProxy ?? '', proxyTunnel: false },
  });
}

/** Whether the environment sends requests for a host through a proxy. */
function isProxied(url: URL, { httpProxy, httpsProxy, noProxy = '' }: ProxySettings): boolean {
  if (!(url.protocol === 'https:' ? (httpsProxy ?? httpProxy) : httpProxy)) return false;
  const host = url.hostname.toLowerCase();
  return !noProxy
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => {
      const [name = '', port] = entry.replace(/^\*?\./, '').split(':');
      if (port !== undefined && port !== url.port) return false;
      return name === '*' || host === name || host.endsWith(`.${name}`);
    });
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
