import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

/** A loopback HTTP server that answers as a test says. */
export interface Origin {
  readonly url: string;
  /** Paths with query of all requests so far, in order. */
  readonly requests: readonly string[];
  /** Headers of the last request. */
  readonly lastHeaders: () => IncomingMessage['headers'];
  answer(handler: Handler): void;
  close(): Promise<void>;
}

export type Handler = (url: URL, response: ServerResponse, request: IncomingMessage) => void | Promise<void>;

export async function startOrigin(first: Handler = (_url, response) => void response.end('[]')): Promise<Origin> {
  let handler = first;
  const requests: string[] = [];
  let headers: IncomingMessage['headers'] = {};
  const server = createServer((request, response) => {
    requests.push(request.url ?? '');
    headers = request.headers;
    void handler(new URL(request.url ?? '/', 'http://origin'), response, request);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    lastHeaders: () => headers,
    answer(next) {
      handler = next;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Answers with JSON. */
export function json(value: unknown): Handler {
  return (_url, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(typeof value === 'string' ? value : JSON.stringify(value));
  };
}
