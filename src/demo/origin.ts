/**
 * The demo's sample origin, a process of its own: an HTTP server at the port given first, and a growing file at the path
 * given second. Ends when the process that started it does.
 */
import { createServer, type IncomingMessage } from 'node:http';
import { newsPage } from './news-api.ts';
import { pressFeed } from './press-feed.ts';
import { reportPage } from './report-pages.ts';
import { growWireFile } from './wire-file.ts';

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const notFound: Answer = {
  status: 404,
  type: 'application/json',
  body: '{"error":"no such page, expected /api/news, /feed.xml or /reports"}\n',
};

const [, , port = '0', wireFile = 'wire.ndjson'] = process.argv;

const server = createServer((request, response) => {
  const { status, type, body, headers } = answer(request);
  response.writeHead(status, { 'content-type': type, ...headers }).end(body);
});

function answer({ url: path = '/', headers }: IncomingMessage): Answer {
  const origin = `http://${headers.host ?? 'localhost'}`;
  const url = new URL(path, origin);
  const now = Date.now();
  switch (url.pathname) {
    case '/api/news':
      return { status: 200, type: 'application/json', body: JSON.stringify(newsPage(url.searchParams, now)) };
    case '/feed.xml': {
      const { etag, xml } = pressFeed(origin, now);
      const known = headers['if-none-match'] === etag;
      return { status: known ? 304 : 200, type: 'application/rss+xml', body: known ? '' : xml, headers: { etag } };
    }
    case '/reports': {
      const html = reportPage(Number(url.searchParams.get('page') ?? 1), now);
      return html === null ? notFound : { status: 200, type: 'text/html; charset=utf-8', body: html };
    }
    case '/robots.txt':
      return { status: 200, type: 'text/plain', body: 'User-agent: *\nAllow: /\n' };
    default:
      return notFound;
  }
}

server.listen(Number(port), '127.0.0.1', () => process.send?.({ type: 'ready' }));
growWireFile(wireFile, Date.now());
setInterval(() => growWireFile(wireFile, Date.now()), 1_000);
process.on('disconnect', () => process.exit(0));
