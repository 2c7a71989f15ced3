import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { PayloadCodec } from '@temporalio/common';
import { messageOf } from '../../../domain/errors.ts';
import { createHostCheck, type HostCheck } from '../allowed-hosts.ts';
import { ConnectionLimit } from '../connection-limit.ts';
import type { HttpAddress, HttpEndpoint } from '../endpoint.ts';
import { BodyBudget } from './body-budget.ts';
import { fromWire, maxPayloads, toWire } from './wire-payload.ts';

/**
 * Decrypts payloads for Temporal's Web UI and CLI (`POST /decode`, `/encode`), as their codec servers do. Any client that
 * reaches it reads what is encrypted: requests of web pages are answered for the given origins only.
 * @param origins of the Web UI, such as `https://cloud.temporal.io`
 * @throws the system's error where the address cannot be listened on
 */
export async function serveCodec(
  address: HttpAddress,
  codec: PayloadCodec,
  origins: readonly string[],
): Promise<HttpEndpoint> {
  const server = createServer({ maxHeaderSize: 16 * 1024, headersTimeout: 5_000, requestTimeout: 20_000 });
  const connections = new ConnectionLimit(server);
  const bodies = new BodyBudget();
  let isExpected: HostCheck = () => false;
  server.on('request', (request, response) => {
    if (!connections.admits(request.socket, response)) return;
    answer(request, response, { codec, origins, bodies, isExpected }).catch(() => request.socket.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(address.port, address.host, resolve);
  });
  const bound = server.address() as AddressInfo;
  isExpected = createHostCheck(bound.address, address.names ?? []);
  return {
    port: bound.port,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface CodecServer {
  readonly codec: PayloadCodec;
  readonly origins: readonly string[];
  readonly bodies: BodyBudget;
  readonly isExpected: HostCheck;
}

async function answer(request: IncomingMessage, response: ServerResponse, server: CodecServer): Promise<void> {
  const { origin } = request.headers;
  const reply = (status: number, body: object) => send(response, status, body);
  if (!server.isExpected(request.headers.host)) {
    return reply(421, { error: 'unknown Host, expected an IP address or localhost' });
  }
  if (origin !== undefined) {
    if (!server.origins.includes(origin)) {
      return reply(403, { error: `unknown Origin, expected ${server.origins.join(' or ')}; see --origin` });
    }
    allow(request, response, origin);
    if (request.method === 'OPTIONS') return void response.writeHead(204).end();
  }
  const path = (request.url ?? '').split('?')[0];
  if (path !== '/decode' && path !== '/encode')
    return reply(404, { error: 'no such page, expected /decode or /encode' });
  if (request.method !== 'POST') {
    response.setHeader('allow', 'POST, OPTIONS');
    return reply(405, { error: 'method not allowed, expected POST' });
  }
  // Other types are sent by pages of any origin without asking first.
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) {
    return reply(415, { error: 'unknown Content-Type, expected application/json' });
  }
  const body = await server.bodies.read(request);
  if (typeof body !== 'string') return reply(body.status, { error: body.error });
  const payloads = fromWire(body);
  if (payloads === 'too many') return reply(413, { error: `too many payloads, expected at most ${maxPayloads}` });
  if (payloads === null)
    return reply(400, { error: 'not payloads, expected {"payloads": [{"metadata": …, "data": …}]}' });
  try {
    const { codec } = server;
    reply(200, toWire(await (path === '/decode' ? codec.decode([...payloads]) : codec.encode([...payloads]))));
  } catch (error) {
    reply(400, { error: messageOf(error) });
  }
}

/** Lets a page of an allowed origin read the answer, also one on the internet that asks an address of this machine. */
function allow(request: IncomingMessage, response: ServerResponse, origin: string): void {
  response.setHeader('access-control-allow-origin', origin);
  response.setHeader('vary', 'origin');
  response.setHeader('access-control-allow-methods', 'POST, OPTIONS');
  response.setHeader('access-control-allow-headers', 'content-type, x-namespace, authorization, authorization-extras');
  if (request.headers['access-control-request-private-network'] === 'true') {
    response.setHeader('access-control-allow-private-network', 'true');
  }
}

function send(response: ServerResponse, status: number, body: object): void {
  const bytes = Buffer.from(`${JSON.stringify(body)}\n`);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': bytes.length,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    // What was not read of a body must not be taken for the next request.
    ...(response.req.complete ? {} : { connection: 'close' }),
  });
  response.end(bytes);
}
