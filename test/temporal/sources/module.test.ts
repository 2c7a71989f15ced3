import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startOrigin, type Origin } from '../../support/servers/origin.ts';
import { TestWorker } from '../../support/test-worker.ts';

/** A shop that wants a session, and gives three orders at a time. */
const orders = Array.from({ length: 8 }, (_, index) => ({
  number: `A-${index + 1}`,
  placed_at: `2026-11-01T00:00:0${index}Z`,
}));
let origin: Origin;
let testWorker: TestWorker;
let failAfter: string | null = null;

beforeAll(async () => {
  origin = await startOrigin(async (url, response, request) => {
    if (url.pathname === '/session') {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const { password } = JSON.parse(Buffer.concat(chunks).toString()) as { password: string };
      response.writeHead(password === 'hunter2' ? 200 : 403).end('{"session":"s1"}');
      return;
    }
    if (request.headers['x-session'] !== 's1') return void response.writeHead(401).end();
    const after = url.searchParams.get('after');
    if (failAfter !== null && after === failAfter) return void response.writeHead(500).end();
    const since = url.searchParams.get('since') ?? '';
    const wanted = orders.filter(({ placed_at: at }) => at >= since);
    const start = after === null ? 0 : wanted.findIndex(({ number }) => number === after) + 1;
    const page = wanted.slice(start, start + 3);
    const next = start + 3 < wanted.length ? page.at(-1)?.number : null;
    response.end(JSON.stringify({ orders: page, next }));
  });
  // The example, as it is; only the shop runs on this machine.
  const example = resolve('examples/module/sources/acme.ts');
  const yaml = readFileSync('examples/module/daybook.yaml', 'utf8')
    .replace('./sources/acme.ts', example)
    .replace('    id: number', '    allow_private: true\n    retry: { max_attempts: 1 }\n    id: number');
  testWorker = await TestWorker.create(yaml, { ACME_URL: origin.url, ACME_PASSWORD: 'hunter2' });
});
afterAll(async () => {
  await testWorker.close();
  await origin.close();
});

test('the example module continues where a failed run stopped, and later requests only new records', async () => {
  failAfter = 'A-6';
  expect(await testWorker.runToFailure('acme')).toMatchObject({ type: 'SourceUnavailable' });
  expect(await testWorker.database.count('select count(*) from raw_events')).toBe(6);
  failAfter = null;
  const before = origin.requests.length;
  expect(await testWorker.run('acme')).toMatchObject({ outcome: 'ok', postgres: { written: 2 }, pages: 1 });
  expect(origin.requests.slice(before)).toEqual(['/session', '/orders?after=A-6']);
  expect(await testWorker.run('acme')).toMatchObject({ outcome: 'unchanged', fetched: 1 });
  expect(origin.requests.at(-1)).toBe('/orders?since=2026-11-01T00%3A00%3A07.000000Z');
});

test('its password is nowhere but at the shop', async () => {
  testWorker.variables['ACME_PASSWORD'] = 'wrong-horse';
  const { type } = await testWorker.runToFailure('acme');
  expect(type).toBe('SourceRefused');
  const reported = JSON.stringify(testWorker.logs) + JSON.stringify(testWorker.receipts);
  expect(reported).not.toMatch(/hunter2|wrong-horse/);
});
