import { existsSync, readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { listDeadLetters } from '../../../src/store/dead-letters/dead-letters.ts';
import { createDirectoryStore } from '../../../src/store/blobs/directory-store.ts';
import { json, startOrigin, type Origin } from '../../support/servers/origin.ts';
import { TestWorker } from '../../support/test-worker.ts';

let origin: Origin;
let testWorker: TestWorker;

beforeAll(async () => {
  origin = await startOrigin();
  testWorker = await TestWorker.create(
    `version: 1
defaults: { allow_private: true, retry: { max_attempts: 2, initial_interval: 10ms } }
sources:
  - { name: plain, type: http_json, url: "${origin.url}/plain", id: id, occurred_at: at }
  - { name: paged, type: http_json, url: "${origin.url}/paged", records: items, id: id, occurred_at: at,
      paginator: { type: page_number, page_param: p, base_page: 1, total_path: pages } }
  - { name: since, type: http_json, url: "${origin.url}/since", id: id, occurred_at: at,
      incremental: { cursor: at, start_param: since, initial_value: 2026-01-01T00:00:00Z, lag: 1h } }
  - { name: odd, type: http_json, url: "${origin.url}/odd", id: id, occurred_at: at, max_reject_ratio: 1 }
  - { name: cut, type: http_json, url: "${origin.url}/cut", records: items, id: id, occurred_at: at,
      paginator: { type: page_number, max_pages: 2 } }
  - { name: quakes, type: http_json, url: "${origin.url}/quakes", records: features, id: id,
      occurred_at: { path: properties.time, format: epoch_ms } }
  - { name: rates, type: file, path: "${origin.url}/rates.csv", id: id, occurred_at: at }
  - { name: large, type: http, url: "${origin.url}/large", format: csv, id: id, occurred_at: at }
`,
  );
});
afterAll(async () => {
  await testWorker.close();
  await origin.close();
});

const day = '2026-11-01T';
const store = () => createDirectoryStore(testWorker.path('data'));

describe('rows of CSV', () => {
  test('of a file at an address are stored, and an unchanged file is not read again', async () => {
    origin.answer((_url, response, request) => {
      response.setHeader('etag', '"v1"');
      if (request.headers['if-none-match'] === '"v1"') response.writeHead(304).end();
      else response.end(`id,at\na,${day}01:00:00Z\nb,${day}02:00:00Z\n`);
    });
    expect(await testWorker.run('rates')).toMatchObject({ outcome: 'ok', fetched: 2, accepted: 2, pages: 1 });
    expect(await testWorker.run('rates')).toMatchObject({ outcome: 'unchanged', fetched: 0 });
  });

  test('that cannot be continued at their source are copied, stored once, and the copy is deleted', async () => {
    const rows = 6_000;
    const text = Array.from({ length: rows }, (_, n) => `${n},${day}01:00:00Z,${'x'.repeat(800)}`);
    origin.answer((_url, response) => void response.end(`id,at,text\n${text.join('\n')}\n`));
    const before = origin.requests.length;
    const receipt = await testWorker.run('large');
    expect(receipt).toMatchObject({ outcome: 'ok', fetched: rows, accepted: rows, rejected: 0, pages: 1 });
    expect(receipt.postgres.written).toBe(rows);
    expect(origin.requests.length - before).toBe(1);
    expect(await store().list('downloads')).toEqual([]);
  });
});

describe('a single page', () => {
  test('is stored once in both sinks, and an unchanged poll writes nothing anywhere', async () => {
    origin.answer(
      json([
        { id: 1, at: `${day}01:00:00Z`, text: 'a "quoted", text\nwith lines' },
        { id: 'b', at: `${day}02:00:00Z` },
      ]),
    );
    const first = await testWorker.run('plain');
    expect(first).toMatchObject({ outcome: 'ok', fetched: 2, accepted: 2, pages: 1, batches: 1 });
    expect(first.csv.written).toBe(2);
    expect(first.postgres.written).toBe(2);
    expect(testWorker.csv('plain').map((row) => [row['source_id'], row['occurred_at']])).toEqual([
      ['1', `${day}01:00:00.000000Z`],
      ['b', `${day}02:00:00.000000Z`],
    ]);
    const files = testWorker.storedFiles();
    const second = await testWorker.run('plain');
    expect(second).toMatchObject({ outcome: 'unchanged', fetched: 2, accepted: 0, unchanged: 2, batches: 0 });
    expect(testWorker.storedFiles()).toEqual(files);
    expect(await testWorker.database.count(`select count(*) from raw_events where source = 'plain'`)).toBe(2);
  });

  test('is requested conditionally, and a 304 is unchanged', async () => {
    origin.answer((_url, response, request) => {
      response.setHeader('etag', '"v1"');
      if (request.headers['if-none-match'] === '"v1"') response.writeHead(304).end();
      else response.end(JSON.stringify([{ id: 'e', at: `${day}03:00:00Z` }]));
    });
    await testWorker.run('plain');
    const second = await testWorker.run('plain');
    expect(origin.lastHeaders()['if-none-match']).toBe('"v1"');
    expect(second).toMatchObject({ outcome: 'unchanged', fetched: 0, pages: 0 });
  });

  test('with an edited item writes it to the journal again, and leaves the stored row', async () => {
    origin.answer(json([{ id: 'edit', at: `${day}04:00:00Z`, v: 1 }]));
    await testWorker.run('plain');
    origin.answer(json([{ id: 'edit', at: `${day}04:00:00Z`, v: 2 }]));
    const second = await testWorker.run('plain');
    expect(second).toMatchObject({
      outcome: 'unchanged',
      accepted: 1,
      csv: { written: 1 },
      postgres: { duplicate: 1 },
    });
    expect(testWorker.csv('plain').filter((row) => row['source_id'] === 'edit')).toHaveLength(2);
  });

  test('that is empty completes as empty and alerts', async () => {
    origin.answer(json([]));
    expect((await testWorker.run('plain')).outcome).toBe('empty');
    const alert = expect.objectContaining({ event: 'alert', source: 'plain', name: 'empty' });
    await vi.waitFor(() => expect(testWorker.logs).toContainEqual(alert), { timeout: 20_000 });
  });
});

describe('pages by number', () => {
  const items = Array.from({ length: 25 }, (_, n) => ({
    id: `p${n}`,
    at: `${day}05:00:${String(n).padStart(2, '0')}Z`,
  }));
  const pages = (fail?: number) => (url: URL, response: ServerResponse) => {
    const page = Number(url.searchParams.get('p'));
    if (page === fail) return void response.writeHead(500).end();
    response.end(JSON.stringify({ items: items.slice((page - 1) * 10, page * 10), pages: 3 }));
  };

  test('are read to the end; a failure on page 3 keeps pages 1 and 2, and the next run starts a page before', async () => {
    origin.answer(pages(3));
    const failure = await testWorker.runToFailure('paged');
    expect(failure.type).toBe('SourceUnavailable');
    expect(failure.receipt).toMatchObject({
      outcome: 'failed',
      fetched: 20,
      postgres: { written: 20 },
      resume: { page: 3, watermark: null },
    });
    origin.answer(pages());
    const before = origin.requests.length;
    const second = await testWorker.run('paged');
    expect(origin.requests.slice(before)).toEqual(['/paged?p=2', '/paged?p=3']);
    expect(second).toMatchObject({ outcome: 'ok', fetched: 15, unchanged: 10, postgres: { written: 5 } });
    expect(second).toMatchObject({ resume: { watermark: `${day}05:00:24.000000Z` } });
    expect(await testWorker.database.count(`select count(*) from raw_events where source = 'paged'`)).toBe(25);
  });

  test('that are repeated end the loop', async () => {
    origin.answer(json({ items: items.slice(0, 3), pages: 99 }));
    expect(await testWorker.run('paged')).toMatchObject({ pages: 1, fetched: 3 });
  });

  test('cut by max_pages are partial, and the watermark stays', async () => {
    let n = 0;
    origin.answer(
      (_url, response) => void response.end(JSON.stringify({ items: [{ id: `c${n++}`, at: `${day}06:00:00Z` }] })),
    );
    expect(await testWorker.run('cut')).toMatchObject({ outcome: 'partial', pages: 2, resume: { watermark: null } });
  });
});

test('incremental requests start at the watermark less the lag, which never moves beyond the fetch', async () => {
  const future = new Date(Date.now() + 3_600_000).toISOString();
  origin.answer(
    json([
      { id: 's1', at: `${day}10:00:00.5Z` },
      { id: 's2', at: '2026-11-02T00:00:00Z' },
    ]),
  );
  const first = await testWorker.run('since');
  expect(origin.requests.at(-1)).toBe('/since?since=2026-01-01T00%3A00%3A00Z');
  expect(first.resume.watermark).toBe('2026-11-02T00:00:00.000000Z');
  origin.answer(json([{ id: 's3', at: future }]));
  const second = await testWorker.run('since');
  expect(origin.requests.at(-1)).toBe('/since?since=2026-11-01T23%3A00%3A00Z');
  expect(second.resume.watermark! <= second.finishedAt.replace('Z', '999Z')).toBe(true);
  expect(second.resume.watermark! < future).toBe(true);
});

test('odd values are stored exactly or become dead letters, neighbours untouched', async () => {
  const at = `${day}12:00:00Z`;
  const records = [
    `{"id":9007199254740993,"at":"${at}"}`,
    `{"id":9007199254740992,"at":"${at}"}`,
    `{"id":"exp","at":"${at}","n":1e400,"m":10000000000000000000000.1234}`,
    `{"id":"nul","at":"${at}","t":"a\\u0000b","\\ud800":1}`,
    `{"id":"feb","at":"2026-02-30T00:00:00Z"}`,
    `{"id":"now","at":"now"}`,
    `{"id":"inf","at":"infinity"}`,
    `{"at":"${at}"}`,
    `{"id":{"a":1},"at":"${at}"}`,
    `{"id":true,"at":"${at}"}`,
    `{"id":"${'x'.repeat(3000)}","at":"${at}"}`,
    `{"id":"deep","at":"${at}","d":${'['.repeat(600)}${']'.repeat(600)}}`,
    `{"id":"huge","at":"${at}","n":1e500}`,
    `{"id":"twice","at":"${at}","v":1}`,
    `{"id":"twice","at":"${at}","v":2}`,
    `{"id":"twice","at":"2026-11-05T00:00:00Z","v":3}`,
    `{"id":"leap","at":"2026-06-30T23:59:60Z"}`,
    `{"id":"ahead","at":"2099-01-01T00:00:00Z"}`,
    `7`,
  ];
  origin.answer(json(`[${records.join(',')}]`));
  const receipt = await testWorker.run('odd');
  expect(receipt).toMatchObject({ outcome: 'partial', fetched: 19, accepted: 8, rejected: 11, repaired: 1 });
  expect(receipt.postgres).toMatchObject({ written: 6, duplicate: 2 });
  expect(receipt.csv).toMatchObject({ written: 6, duplicate: 2 });
  const letters = await listDeadLetters(store(), { source: 'odd' });
  expect(letters.map((letter) => letter.reason).sort()).toEqual(
    [
      'invalid_time',
      'invalid_time',
      'invalid_time',
      'missing_id',
      'invalid_id',
      'invalid_id',
      'invalid_id',
      'unstorable',
      'unstorable',
      'out_of_range',
      'wrong_shape',
      // Not among those that were rejected.
      'duplicate_id',
      'duplicate_id',
    ].sort(),
  );
  const rows = await testWorker.database.rows(
    `select source_id, payload::text as payload, to_char(occurred_at, 'YYYY-MM-DD HH24:MI:SS.US') as at from raw_events where source = 'odd' order by source_id collate "C"`,
  );
  expect(rows.map((row) => row['source_id'])).toEqual([
    '9007199254740992',
    '9007199254740993',
    'exp',
    'leap',
    'nul',
    'twice',
  ]);
  const byId = new Map(rows.map((row) => [row['source_id'], row]));
  expect(byId.get('exp')?.['payload']).toContain('10000000000000000000000.1234');
  expect(byId.get('exp')?.['payload']).toContain(`1${'0'.repeat(400)}`);
  expect(byId.get('nul')?.['payload']).toContain('a\ufffdb');
  expect(byId.get('leap')?.['at']).toBe('2026-06-30 23:59:59.999999');
  expect(byId.get('twice')?.['payload']).toContain('"v": 1');
  for (const row of testWorker.csv('odd')) {
    const equal = await testWorker.database.count(
      `select count(*) from raw_events where source = 'odd' and source_id = $1 and payload = $2::jsonb`,
      [row['source_id'], row['payload']],
    );
    expect(equal, `${row['source_id']}`).toBe(1);
  }
});

const usgs = '../shared/samples/json/usgs-earthquakes.geojson';
test.skipIf(!existsSync(usgs))('1,707 earthquakes are stored as they are, in the right partitions', async () => {
  const sample = readFileSync(usgs, 'utf8');
  origin.answer(json(sample));
  // The sample is from 2018: 400 days of one run are more than it needs.
  expect(await testWorker.run('quakes')).toMatchObject({
    outcome: 'ok',
    fetched: 1707,
    postgres: { written: 1707 },
    csv: { written: 1707 },
  });
  const stray = await testWorker.database.count(
    `select count(*) from raw_events where source = 'quakes'
     and tableoid::regclass::text <> 'raw_events_' || to_char(occurred_at, 'YYYY_MM_DD')`,
  );
  expect(stray).toBe(0);
  const features = (JSON.parse(sample) as { features: { id: string }[] }).features;
  const equal = await testWorker.database.count(
    `select count(*) from raw_events join unnest($1::text[], $2::text[]) as sample(id, payload)
     on source = 'quakes' and source_id = sample.id and raw_events.payload = sample.payload::jsonb`,
    [features.map((feature) => feature.id), features.map((feature) => JSON.stringify(feature))],
  );
  expect(equal).toBe(1707);
  expect(new Set(testWorker.csv('quakes').map((row) => row['source_id'])).size).toBe(1707);
  const files = testWorker.storedFiles();
  expect(await testWorker.run('quakes')).toMatchObject({ outcome: 'unchanged', unchanged: 1707 });
  expect(testWorker.storedFiles()).toEqual(files);
});
