import { createServer } from 'node:http';

/** A source of one record, on a free port of the loopback address. */
export interface CanaryServer {
  readonly url: string;
  close(): Promise<void>;
}

/** Serves a record, in a list, until it is closed. */
export async function serveCanary(record: object): Promise<CanaryServer> {
  const body = JSON.stringify([record]);
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json', connection: 'close' }).end(body);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}/`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
