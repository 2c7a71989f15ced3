// An API of one record, which says when nothing is new.
import { once } from 'node:events';
import { createServer } from 'node:http';

export async function startOnceOrigin() {
  const server = createServer((request, response) => {
    if (request.headers['if-none-match'] === '"1"') return response.writeHead(304).end();
    response.writeHead(200, { etag: '"1"', 'content-type': 'application/json' });
    response.end(JSON.stringify([{ id: request.url, at: '2026-01-01T00:00:00Z' }]));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: server.address().port, close: () => server.close() };
}

/** The configuration of so many sources that poll it each minute. */
export function onceConfig(port, count) {
  const sources = Array.from(
    { length: count },
    (_, n) =>
      `  - { name: source-${n}, type: http_json, url: "http://127.0.0.1:${port}/source-${n}", id: id, occurred_at: at, allow_private: true, schedule: { every: 1m } }\n`,
  );
  return `version: 1\nsources:\n${sources.join('')}`;
}
