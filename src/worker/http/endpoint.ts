import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createHostCheck, type HostCheck } from './allowed-hosts.ts';
import { ConnectionLimit } from './connection-limit.ts';
import { metricsContentType } from '../metrics/scrape.ts';
import { style } from './page/style.ts';
import { shareResponse } from './shared-response.ts';
import { RequestPacer } from './request-pacer.ts';

/** What the endpoint shows. */
export interface Pages {
  /** What is missing before the worker can do its work; empty = ready. */
  readiness(): Promise<readonly string[]>;
  /** Notes beside the answer about readiness. */
  notes(): readonly string[];
  /** Metrics, as Prometheus reads them. */
  metrics(): Promise<string>;
  /** The status page. */
  status(): Promise<string>;
  /** The same as JSON: what `status --json` prints. */
  statusJson(): Promise<string>;
  /** Receives the error; the client only learns that there was one. */
  onError(error: unknown): void;
}

/** A page that cannot be rendered yet; the response says why. */
export class NotReady extends Error {}

export interface HttpEndpoint {
  readonly port: number;
  close(): Promise<void>;
}

const json = 'application/json';
const html = 'text/html; charset=utf-8';

/** Styles of the page, and nothing else, may be used. */
const contentSecurityPolicy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Where the endpoint listens. */
export interface HttpAddress {
  readonly host: string;
  readonly port: number;
  /** Host names it answers to, besides addresses and `localhost`, see `createHostCheck`. @default none */
  readonly names?: readonly string[];
}

/**
 * Serves `/` (the status page), `/status.json` (the same as JSON), `/metrics`, `/healthz` (the process runs) and `/readyz` (it can do its work; else 503 naming
 * what is missing; `notes` says what else is to be known). GET and HEAD only; headers, times, bodies and connections are bounded, and nothing is read from disk.
 * @throws the system's error where the address cannot be listened on
 */
export async function serveHttp(address: HttpAddress, pages: Pages): Promise<HttpEndpoint> {
  const server = createServer({
    maxHeaderSize: 8 * 1024,
    headersTimeout: 5_000,
    requestTimeout: 10_000,
    connectionsCheckingInterval: 1_000,
    keepAliveTimeout: 5_000,
  });
  const connections = new ConnectionLimit(server);
  const answers = sharedAnswers(pages);
  const turns = new RequestPacer();
  let isExpected: HostCheck = () => false;
  server.on('request', (request, response) => {
    if (!connections.admits(request.socket, response)) return;
    void turns.of(request.socket).then(() => answer(request, response, answers, isExpected));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(address.port, address.host, () => {
      isExpected = createHostCheck(boundTo(server)?.address ?? '', address.names ?? []);
      resolve();
    });
  });
  return { port: boundTo(server)?.port ?? 0, close: () => closeServer(server) };
}

/** What is answered, by path. */
type Answers = Readonly<Record<string, () => Promise<Answer>>>;

interface Answer {
  readonly status: number;
  readonly type: string;
  /** All clients get the same bytes: a long page is in memory once, however slowly it is read. */
  readonly body: Buffer;
}

function sharedAnswers(pages: Pages): Answers {
  const made = (make: () => Promise<Answer>) =>
    shareResponse(() =>
      make().catch((error: unknown) => {
        if (error instanceof NotReady) return jsonAnswer(503, { error: error.message });
        pages.onError(error);
        return jsonAnswer(500, { error: 'the page could not be rendered; see the log' });
      }),
    );
  return {
    '/': made(async () => ({ status: 200, type: html, body: Buffer.from(await pages.status()) })),
    '/status.json': made(async () => ({ status: 200, type: json, body: Buffer.from(await pages.statusJson()) })),
    '/metrics': made(async () => ({ status: 200, type: metricsContentType, body: Buffer.from(await pages.metrics()) })),
    '/healthz': async () => jsonAnswer(200, { status: 'ok' }),
    '/readyz': made(async () => {
      const missing = await pages.readiness();
      const found = pages.notes();
      const notes = found.length === 0 ? {} : { notes: found };
      return missing.length === 0
        ? jsonAnswer(200, { status: 'ready', ...notes })
        : jsonAnswer(503, { status: 'not ready', missing, ...notes });
    }),
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  answers: Answers,
  isExpected: HostCheck,
): Promise<void> {
  // Bodies are not read: one that is sent must not keep the connection open.
  if ('transfer-encoding' in request.headers || Number(request.headers['content-length'] ?? 0) > 0) {
    response.setHeader('connection', 'close');
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD');
    return send(response, jsonAnswer(405, { error: 'method not allowed, expected GET or HEAD' }));
  }
  if (!isExpected(request.headers.host)) {
    const error = 'unknown Host, expected an IP address, localhost or a name in DAYBOOK_HTTP_HOSTS';
    return send(response, jsonAnswer(421, { error }));
  }
  const [path = ''] = (request.url ?? '').split('?');
  const found = Object.hasOwn(answers, path) ? answers[path] : undefined;
  send(response, await (found?.() ?? jsonAnswer(404, { error: `no such page, expected ${known(answers)}` })));
}

/** `/, /metrics, /healthz or /readyz` */
function known(answers: Answers): string {
  return Object.keys(answers)
    .join(', ')
    .replace(/, ([^,]*)$/, ' or $1');
}

function send(response: ServerResponse, { status, type, body }: Answer): void {
  response.writeHead(status, {
    'content-type': type,
    'content-length': body.length,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'content-security-policy': contentSecurityPolicy,
  });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}

function jsonAnswer(status: number, body: object): Answer {
  return { status, type: json, body: Buffer.from(`${JSON.stringify(body)}\n`) };
}

function boundTo(server: Server): AddressInfo | null {
  const address = server.address();
  return typeof address === 'object' ? address : null;
}

async function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
