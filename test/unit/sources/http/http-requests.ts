import { createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HttpRequest } from '../../../../src/sources/http/http-client.ts';

/** A request as a source makes it. */
export function request(url: string, fields: Partial<HttpRequest> = {}): HttpRequest {
  return {
    subject: 'news',
    url,
    method: 'GET',
    body: null,
    headers: {},
    proxy: null,
    allowPrivate: true,
    own: {
      origin: new URL(url).origin,
      headers: {},
    },
    timeoutMs: 5_000,
    maxBodyBytes: 1024 * 1024,
    ...fields,
  };
}

export interface RawServer {
  readonly url: string;
  /** Connections that are still open. */
  open(): number;
  close(): Promise<void>;
}

/** A loopback server that answers each connection as a test says, byte by byte. */
export async function startRawServer(answer: (socket: Socket, connection: number) => void): Promise<RawServer> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    const connection = ++connections;
    // A request ends with an empty line; none of them has a body.
    let received = '';
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1');
      if (!received.endsWith('\r\n\r\n')) return;
      received = '';
      answer(socket, connection);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}/`,
    open: () => sockets.size,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Fails where a promise is not settled in time: to wait forever is a fault, too. */
export async function settled<T>(promise: Promise<T>, withinMs: number): Promise<T> {
  const late = sleep(withinMs, undefined, { ref: false }).then(() => {
    throw new Error(`neither ended nor failed within ${withinMs} ms`);
  });
  return Promise.race([promise, late]);
}
