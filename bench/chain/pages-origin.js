// An API of many pages, each of which fills a batch: the run that reads it is a long one.
import { once } from 'node:events';
import { createServer } from 'node:http';

/** The product's own limit of a batch. */
export const pageRecords = 5_000;

export async function startPagesOrigin(pages) {
  const at = new Date().toISOString();
  const server = createServer((request, response) => {
    const page = Number(new URL(request.url, 'http://origin').searchParams.get('page'));
    const count = page <= pages ? pageRecords : 0;
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(Array.from({ length: count }, (_, n) => ({ id: page * pageRecords + n, at }))));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: server.address().port, close: () => server.close() };
}
