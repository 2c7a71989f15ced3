import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { metricsContentType } from './metrics/scrape.ts';
import { style } from './page/style.ts';

/** What the endpoint shows. */
export interface Pages {
  /** What is missing before the worker can do its work; empty = ready. */
  readiness(): Promise<readonly string[]>;
  /** Metrics, as Prometheus reads them. */
  metrics(): Promise<string>;
  /** The status page. */
  status(): Promise<string>;
  /** Told of what went wrong; who asked is told only that it did. */
  onError(error: unknown): void;
}

export interface HttpEndpoint {
  readonly port: number;
  close(): Promise<void>;
}

const json = 'application/json';
const html = 'text/html; charset=utf-8';

/** Styles of the page, and nothing else, may be used. */
const contentSecurityPolicy = [
  ...["default-src 'none'", `style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`],
  ...["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
].join('; ');

/**
 * Serves `/` (the status page), `/metrics`, `/healthz` (the process runs) and `/readyz` (it can do its work; else 503 naming
 * what is missing). GET and HEAD only; headers, times, bodies and connections are bounded, and nothing is read from disk.
 * @throws the system's error where the address cannot be listened on
 */
export async function serveHttp(address: { host: string; port: number }, pages: Pages): Promise<HttpEndpoint> {
  const server = createServer({
    ...{ maxHeaderSize: 8 * 1024, headersTimeout: 5_000, requestTimeout: 10_000, connectionsCheckingInterval: 1_000 },
    keepAliveTimeout: 5_000,
  });
  server.maxConnections = 100;
  server.on('request', (request, response) => void answer(request, response, pages));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(address.port, address.host, resolve);
  });
  return { port: portOf(server), close: () => closeServer(server) };
}

async function answer(request: IncomingMessage, response: ServerResponse, pages: Pages): Promise<void> {
  // Nobody reads a body: one that is sent all the same must not keep the connection.
  if ('transfer-encoding' in request.headers || Number(request.headers['content-length'] ?? 0) > 0) {
    response.setHeader('connection', 'close');
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD');
    return send(response, 405, json, line({ error: 'found another method, expected GET or HEAD' }));
  }
  try {
    switch ((request.url ?? '/').split('?')[0]) {
      case '/':
        return send(response, 200, html, await pages.status());
      case '/metrics':
        return send(response, 200, metricsContentType, await pages.metrics());
      case '/healthz':
        return send(response, 200, json, line({ status: 'ok' }));
      case '/readyz': {
        const missing = await pages.readiness();
        if (missing.length === 0) return send(response, 200, json, line({ status: 'ready' }));
        return send(response, 503, json, line({ status: 'not ready', missing }));
      }
      default: {
        const error = 'found no such page, expected /, /metrics, /healthz or /readyz';
        return send(response, 404, json, line({ error }));
      }
    }
  } catch (error) {
    pages.onError(error);
    send(response, 500, json, line({ error: 'the page could not be made; the log says why' }));
  }
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'content-security-policy': contentSecurityPolicy,
  });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}

function line(body: object): string {
  return `${JSON.stringify(body)}\n`;
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address ? address.port : 0;
}

async function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
