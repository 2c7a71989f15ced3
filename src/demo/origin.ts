/**
 * The demo's sample origin, a process of its own: an HTTP API at the port given first, and a growing file at the path
 * given second. Ends when the process that started it does.
 */
import { createServer } from 'node:http';
import { newsPage } from './news-api.ts';
import { growWireFile } from './wire-file.ts';

const [, , port = '0', wireFile = 'wire.ndjson'] = process.argv;

const server = createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://origin');
  if (url.pathname !== '/api/news') {
    response
      .writeHead(404, { 'content-type': 'application/json' })
      .end('{"error":"found no such page, expected /api/news"}\n');
    return;
  }
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(newsPage(url.searchParams, Date.now())));
});

server.listen(Number(port), '127.0.0.1', () => process.send?.({ type: 'ready' }));
growWireFile(wireFile, Date.now());
setInterval(() => growWireFile(wireFile, Date.now()), 1_000);
process.on('disconnect', () => process.exit(0));
