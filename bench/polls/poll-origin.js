// The API on loopback that the polls ask. Each product has one of its own: what is new is new to that one only.
import { createServer } from 'node:http';
import { once } from 'node:events';
import { cases } from './cases.js';

export async function startPollOrigin() {
  const servings = new Map(cases.map((one) => [`/${one.name}`, serving(one)]));
  const server = createServer((request, response) => servings.get(request.url)(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: server.address().port, close: () => server.close() };
}

/** The configuration of a product that polls it. A schedule of its own begins no poll while the bench runs. */
export function pollConfig(port) {
  const sources = cases.map(
    ({ name }) =>
      `  - { name: ${name}, type: http_json, url: "http://127.0.0.1:${port}/${name}", id: id, occurred_at: at, allow_private: true, schedule: { cron: "0 0 1 1 *" } }\n`,
  );
  return `version: 1\nsources:\n${sources.join('')}`;
}

function serving({ records, fresh, validators }) {
  const at = new Date().toISOString();
  let first = 0;
  return (request, response) => {
    if (validators && request.headers['if-none-match'] === '"1"') return response.writeHead(304).end();
    const items = Array.from({ length: records }, (_, n) => item(first + n, at));
    first += fresh;
    response.writeHead(200, { 'content-type': 'application/json', ...(validators ? { etag: '"1"' } : {}) });
    response.end(JSON.stringify(items));
  };
}

/** The same record for the same number, whatever its position: else it would be a new version of one. */
function item(number, at) {
  return { id: number, at, title: `record ${number}`, value: number };
}
