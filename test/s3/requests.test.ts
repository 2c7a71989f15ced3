import { appendFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pollCosts } from '../../src/domain/cost/poll-cost.ts';
import type { Receipt } from '../../src/domain/run/receipt.ts';
import { startFaultProxy, type FaultProxy } from '../support/servers/fault-proxy.ts';
import { startOrigin, type Origin } from '../support/servers/origin.ts';
import { TestWorker } from '../support/test-worker.ts';
import { server, settingOf } from './s3-setting.ts';
import { countedRequests, countsOf, tableOf, type CountedRequest } from './seen-requests.ts';

/** What polls cost at a bucket: see docs/performance.md. */
let origin: Origin;
let proxy: FaultProxy;
let prefix = '';
let testWorker: TestWorker;
let poll = 0;

const time = '2026-11-10T00:00:00Z';
const recordsOf = (name: string) => Array.from({ length: 20 }, (_, n) => ({ id: `${name}-${n}`, at: time }));

const feedOf = (name: string) =>
  `<rss version="2.0"><channel>${recordsOf(name)
    .map(
      ({ id }) => `<item><guid>${id}</guid><title>${id}</title><pubDate>Tue, 10 Nov 2026 00:00:00 GMT</pubDate></item>`,
    )
    .join('')}</channel></rss>`;
const linesOf = (name: string) =>
  recordsOf(name)
    .map((item) => `${JSON.stringify(item)}\n`)
    .join('');

beforeAll(async () => {
  if (server === null) return;
  origin = await startOrigin((url, response, request) => {
    if (url.pathname === '/etag') {
      const isKnown = request.headers['if-none-match'] === '"1"';
      response.writeHead(isKnown ? 304 : 200, { etag: '"1"' });
      response.end(isKnown ? undefined : JSON.stringify(recordsOf('etag')));
    } else if (url.pathname === '/same') response.end(JSON.stringify(recordsOf('same')));
    else if (url.pathname === '/feed') response.end(feedOf('same'));
    else if (url.pathname === '/csv') {
      response.writeHead(200, { 'content-type': 'text/csv' });
      response.end(
        `id,at\n${recordsOf('csv')
          .map(({ id, at }) => `${id},${at}\n`)
          .join('')}`,
      );
    } else if (url.pathname === '/ndjson') response.end(linesOf('ndjson'));
    else if (url.pathname === '/values')
      response.end(JSON.stringify(recordsOf(`values-${url.searchParams.get('of')}`)));
    else if (url.pathname === '/fresh') response.end(feedOf(`fresh-${poll}`));
    else response.end(JSON.stringify(recordsOf(`news-${poll}`)));
  });
  proxy = await startFaultProxy(server.endpoint);
  const setting = settingOf(server, proxy.endpoint);
  ({ prefix } = setting);
  const json = ['etag', 'same', 'news'].map(
    (name) => `{ name: ${name}, type: http_json, url: "${origin.url}/${name}", id: id, occurred_at: at }`,
  );
  const feeds = ['feed', 'fresh'].map((name) => `{ name: ${name}, type: rss, url: "${origin.url}/${name}" }`);
  const limit = 'rate_limit: { requests: 5, per: 1s }';
  // A host of its own: a limit holds for all sources of a host.
  const limited = `{ name: limited, type: http_json, url: "${origin.url.replace('127.0.0.1', 'localhost')}/news", id: id, occurred_at: at, ${limit} }`;
  const file = '{ name: lines, type: file, path: lines.ndjson, id: id, occurred_at: at }';
  const formats = ['csv', 'ndjson'].map(
    (format) =>
      `{ name: ${format}, type: http, format: ${format}, url: "${origin.url}/${format}", id: id, occurred_at: at }`,
  );
  const values = `{ name: values, type: http_json, for_each: { values: [a, b, c, d, e] }, url: "${origin.url}/values?of=\${parent:value}", id: id, occurred_at: at }`;
  const sources = [...json, ...feeds, ...formats, values, limited, file].map((source) => `  - ${source}\n`);
  testWorker = await TestWorker.createOnBucket(
    `version: 1\ndefaults: { allow_private: true }\nsources:\n${sources.join('')}`,
    setting,
  );
});
afterAll(async () => {
  await testWorker?.close();
  await proxy?.close();
  await origin?.close();
});

/** A poll as a schedule makes it, with its requests to the bucket. */
async function polled(source: string): Promise<{ outcome: Receipt['outcome']; requests: CountedRequest[] }> {
  poll++;
  const from = proxy.seen.length;
  const { outcome } = await testWorker.run(source);
  return { outcome, requests: countedRequests(proxy.seen.slice(from), prefix) };
}

/** What a poll with one batch needs: its records, its keys, and what is known of the source, each once. */
const batch = [
  '1 GET state',
  // Whether a command has changed it: before the poll, and before it is saved.
  '2 GET state-epochs',
  // Whether a sink still has to take the batch.
  '2 GET deferred',
  '1 PUT spool',
  '1 PUT csv',
  '1 PUT state',
  '1 PUT receipts',
  '1 DELETE spool',
];

describe.skipIf(server === null)('requests to a bucket', () => {
  test.each(['etag', 'same', 'feed', 'csv', 'ndjson', 'values', 'lines'])(
    'of a poll that finds nothing new: %s',
    async (source) => {
      if (source === 'lines') writeFileSync(testWorker.path('lines.ndjson'), linesOf('lines'));
      await polled(source);
      await polled(source);
      const { outcome, requests } = await polled(source);
      expect(outcome).toBe('unchanged');
      expect(tableOf(requests)).toEqual(['1 GET state', '1 GET state-epochs']);
      const { get, put } = pollCosts.usual.unchanged;
      expect(countsOf(requests)).toEqual({ GET: get, PUT: put, LIST: 0, DELETE: 0 });
    },
  );

  test('of a poll with one batch', async () => {
    await polled('news');
    await polled('news');
    const { outcome, requests } = await polled('news');
    expect(outcome).toBe('ok');
    expect(tableOf(requests)).toEqual([...batch, '1 PUT polls', '1 DELETE polls'].sort());
    const { get, put } = pollCosts.usual.batch;
    expect(countsOf(requests)).toMatchObject({ GET: get, PUT: put, LIST: 0 });
  });

  test('of polls with one batch from a host with a rate_limit: one write more a second, and no read', async () => {
    const [from, startedMs] = [proxy.seen.length, performance.now()];
    await polled('limited');
    await polled('limited');
    const { outcome, requests } = await polled('limited');
    const seconds = (performance.now() - startedMs) / 1_000;
    expect(outcome).toBe('ok');
    const ofPoll = requests.filter(({ of }) => of !== 'slots');
    expect(tableOf(ofPoll)).toEqual([...batch, '1 PUT polls', '1 DELETE polls'].sort());
    const all = countedRequests(proxy.seen.slice(from), prefix);
    const ofSlots = all.filter(({ of }) => of === 'slots');
    expect(countsOf(ofSlots)).toMatchObject({ GET: 0, LIST: 0, DELETE: 0 });
    expect(ofSlots.length).toBeGreaterThan(0);
    expect(ofSlots.length).toBeLessThanOrEqual(Math.ceil(seconds) + 1);
    expect(all.filter(({ of }) => of === 'limits')).toEqual([]);
  });

  test('of a poll of a feed with one batch', async () => {
    await polled('fresh');
    await polled('fresh');
    const { outcome, requests } = await polled('fresh');
    expect(outcome).toBe('ok');
    // With the keys of the poll.
    expect(tableOf(requests)).toEqual([...batch, '1 PUT feed-items', '1 DELETE feed-items'].sort());
    const { get, put } = pollCosts.usual.batch;
    expect(countsOf(requests)).toMatchObject({ GET: get, PUT: put, LIST: 0 });
  });

  test('of a poll of a file with one batch', async () => {
    appendFileSync(testWorker.path('lines.ndjson'), linesOf('more'));
    const { outcome, requests } = await polled('lines');
    expect(outcome).toBe('ok');
    expect(tableOf(requests)).toEqual([...batch, '1 PUT files', '1 DELETE files'].sort());
  });
});
