import { createServer, type Server, type ServerResponse } from 'node:http';

/** What is missing before the worker can do its work; empty = ready. */
export type Readiness = () => Promise<readonly string[]>;

export interface HttpEndpoint {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Serves `/healthz` (the process runs) and `/readyz` (it can do its work; else 503 naming what is missing). GET only,
 * with bounded headers, times and connections.
 * @throws the system's error where the address cannot be listened on
 */
export async function serveHttp(address: { host: string; port: number }, readiness: Readiness): Promise<HttpEndpoint> {
  const server = createServer({ maxHeaderSize: 8 * 1024, headersTimeout: 5_000, requestTimeout: 10_000 });
  server.maxConnections = 100;
  server.on('request', (request, response) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') return answer(response, 405, { error: 'GET only' });
    const path = (request.url ?? '/').split('?')[0];
    if (path === '/healthz') return answer(response, 200, { status: 'ok' });
    if (path === '/readyz') return void answerReadiness(response, readiness);
    answer(response, 404, { error: 'found no such page, expected /healthz or /readyz' });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(address.port, address.host, resolve);
  });
  return { port: portOf(server), close: () => closeServer(server) };
}

async function answerReadiness(response: ServerResponse, readiness: Readiness): Promise<void> {
  const missing = await readiness();
  if (missing.length === 0) answer(response, 200, { status: 'ready' });
  else answer(response, 503, { status: 'not ready', missing });
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(`${JSON.stringify(body)}\n`);
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address ? address.port : 0;
}

async function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
