// An API on loopback with the records of the files, in pages, each key once: two records of one id on a page are a fault of an API, and
// would be dead letters. They are read before the clock starts.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

const pageRecords = 5_000;

/** @param files the file of each source */
export async function startRecordsOrigin(files) {
  const pages = new Map([...files].map(([source, file]) => [source, pagesOf(file)]));
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url, 'http://origin');
    const page = pages.get(pathname.slice(1))?.[Number(searchParams.get('page')) - 1];
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(page ?? '[]');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  return { urlOf: (source) => `http://127.0.0.1:${port}/${source}`, close: () => server.close() };
}

function pagesOf(file) {
  const byId = new Map();
  for (const line of readFileSync(file, 'utf8').trimEnd().split('\n')) byId.set(JSON.parse(line).id, line);
  const lines = [...byId.values()];
  const count = Math.ceil(lines.length / pageRecords);
  return Array.from({ length: count }, (_, n) =>
    Buffer.from(`[${lines.slice(n * pageRecords, (n + 1) * pageRecords).join(',')}]`),
  );
}
