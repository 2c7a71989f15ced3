import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Instance } from '../../src/domain/instance.ts';
import type { Receipt } from '../../src/domain/run/receipt.ts';
import { CliSandbox, type RunningDaybook } from '../support/cli-sandbox.ts';
import { csvRows } from '../support/csv-rows.ts';
import { startOrigin, type Origin } from '../support/servers/origin.ts';
import { TestWorker } from '../support/test-worker.ts';
import { until } from '../support/until.ts';
import { zipOf } from '../unit/sources/zip-files.ts';

const at = '2026-11-01T00:00:00Z';
/** Some 5 MB: more than is held, and more than one fetch reads. */
const rows = 12_000;
const noise = (n: number) => createHash('sha512').update(String(n)).digest('hex').repeat(3);
const ids = Array.from({ length: rows }, (_, n) => `r${n}`);
const csv = `id,at,text\n${ids.map((id, n) => `${id},${at},"${noise(n)}, ""ü""\n"\n`).join('')}`;
const ndjson = ids.map((id, n) => `{"id":"${id}","at":"${at}","text":"${noise(n)}"}\n`).join('');

const bodies: Readonly<Record<string, Buffer>> = {
  'live.csv': Buffer.from(csv),
  'plain.ndjson': Buffer.from(ndjson),
  'packed.csv.gz': gzipSync(csv),
  'archive.zip': zipOf([{ name: 'rows.csv', content: csv }]),
};
const files = Object.keys(bodies);
const nameOf = (file: string) => file.slice(0, file.indexOf('.'));
const parents = 600;
const children = ['a', 'b', 'c'];
/** Its requests fail until it is repaired. */
const broken = new Set(['p77']);

let origin: Origin;
let testWorker: TestWorker;
let sandbox: CliSandbox;
let worker: RunningDaybook;
/** Bytes of each body that were sent. */
const sent = new Map<string, number>();
/** Pages that each parent was asked for. */
const asked = new Map<string, number>();
/** Parents whose list has a new child in front since its first page was read. */
const grown = new Set<string>();

beforeAll(async () => {
  origin = await startOrigin((url, response, request) => {
    const [, folder, name = ''] = url.pathname.split('/');
    return folder === 'files' ? sendBody(name, request, response) : sendChildren(name, url, response);
  });
  const file = (name: string) =>
    `  - { name: ${nameOf(name)}, type: http, url: "${origin.url}/files/${name}", rate_limit: { requests: 1000, per: 1s } }\n`;
  testWorker = await TestWorker.prepareApart(
    `version: 1
defaults: { id: id, occurred_at: at, allow_private: true, retry: { initial_interval: 100ms } }
sources:
${files.map(file).join('')}  - { name: issues, type: file, path: issues.ndjson }
  - name: comments
    type: http_json
    url: "${origin.url}/issues/\${parent:id}"
    for_each: { source: issues }
    parent: [id]
    concurrency: 2
    rate_limit: { requests: 5000, per: 1s }
    paginator: { type: page_number, page_param: page }
`,
    new Instance().taskQueue,
  );
  sandbox = new CliSandbox(testWorker.folder, { ...testWorker.commandVariables(), DAYBOOK_HTTP: 'off' });
  worker = await startWorker();
});
afterAll(async () => {
  await worker?.killAll();
  await testWorker?.close();
  await origin?.close();
});

/** Takes some seconds, so that a kill comes in the middle. One of the bodies can be continued. */
async function sendBody(name: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const content = bodies[name] ?? Buffer.alloc(0);
  let from = 0;
  if (name === 'live.csv') {
    response.setHeader('etag', '"v1"');
    response.setHeader('accept-ranges', 'bytes');
    const range = /^bytes=(\d+)-$/.exec(request.headers.range ?? '');
    if (range && request.headers['if-range'] === '"v1"') {
      from = Number(range[1]);
      response.statusCode = 206;
      response.setHeader('content-range', `bytes ${from}-${content.length - 1}/${content.length}`);
    }
  }
  response.setHeader('content-length', content.length - from);
  response.on('error', () => undefined);
  for (let start = from; start < content.length && !response.destroyed; start += 100_000) {
    const chunk = content.subarray(start, start + 100_000);
    response.write(chunk);
    sent.set(name, (sent.get(name) ?? 0) + chunk.length);
    await sleep(40);
  }
  response.end();
}

/** Two children a page. */
async function sendChildren(parent: string, url: URL, response: ServerResponse): Promise<void> {
  const page = Number(url.searchParams.get('page'));
  asked.set(parent, (asked.get(parent) ?? 0) + 1);
  await sleep(10);
  if (broken.has(parent)) return void response.writeHead(404).end('{}');
  const found = [...(grown.has(parent) ? ['new'] : []), ...children].map((child) => `${parent}-${child}`);
  if (page === 1 && parent.endsWith('5')) grown.add(parent);
  response.end(JSON.stringify(found.slice((page - 1) * 2, page * 2).map((id) => ({ id, at }))));
}

async function startWorker(): Promise<RunningDaybook> {
  const started = sandbox.start(['worker']);
  await started.shows('Worker started');
  return started;
}

function addParents(from: number, to: number): void {
  const line = (n: number) => `{"id":"p${n}","at":"${at}"}\n`;
  const lines = Array.from({ length: to - from }, (_, n) => line(from + n));
  writeFileSync(testWorker.path('issues.ndjson'), lines.join(''), { flag: 'a' });
}

/** Ids in PostgreSQL. */
async function stored(source: string): Promise<string[]> {
  const query = 'select source_id from raw_events where source = $1';
  const { rows: found } = await testWorker.database.pool.query<{ source_id: string }>(query, [source]);
  return found.map((row) => row.source_id).sort();
}

/** Ids in the journal, once for each part that has them. */
function inJournal(source: string): string[] {
  const parts = testWorker.files('data', 'csv', source).filter((path) => path.endsWith('.csv'));
  return parts.flatMap((path) => csvRows(readFileSync(path, 'utf8')).map((row) => row['source_id'] ?? '')).sort();
}

const receiptOf = async (running: Promise<unknown>) => (await running) as Receipt;

test('large bodies and the children of 600 parents are stored once each, though their worker is killed twice', async () => {
  addParents(0, 500);
  await testWorker.run('issues');
  const handles = await Promise.all([...files.map(nameOf), 'comments'].map((source) => testWorker.start({ source })));
  const results = handles.map((handle) => receiptOf(handle.result()));

  // In the middle of each body, and between the parents.
  const isBegun = () => files.every((name) => (sent.get(name) ?? 0) > 300_000) && asked.size > 20;
  await until('all are being read', isBegun, 60_000);
  await worker.killAll();
  worker = await startWorker();

  // After the first batches, before the last ones.
  const hasBatch = async () => (await stored('live')).length > 0 && (await stored('comments')).length > 0;
  await until('a part is stored', hasBatch, 90_000);
  await worker.killAll();
  worker = await startWorker();
  addParents(500, parents);
  await testWorker.run('issues');

  const receipts = await Promise.all(results);
  for (const [index, name] of files.map(nameOf).entries()) {
    const first = await stored(name);
    expect(inJournal(name)).toEqual(first);
    expect(receipts[index]).toMatchObject({ outcome: 'ok', postgres: { written: first.length } });
  }
  const all = ids.toSorted();
  for (const name of files.map(nameOf)) expect(await stored(name)).toEqual(all);
  const copies = testWorker.files('data', 'downloads').filter((path) => !path.endsWith('.tmp'));
  expect(copies).toEqual([]);
}, 300_000);

test('parents that came meanwhile are left to the next run, and one whose requests failed is replayed', async () => {
  const idsOf = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, n) => children.map((child) => `p${from + n}-${child}`)).flat();
  const withoutNew = async () => (await stored('comments')).filter((id) => !id.endsWith('-new'));
  const failed = ['p77-a', 'p77-b', 'p77-c'];
  const isWhole = (id: string) => !failed.includes(id);
  expect(await withoutNew()).toEqual(idsOf(0, 500).filter(isWhole).sort());
  expect(await testWorker.run('comments')).toMatchObject({ outcome: 'ok' });
  expect(await withoutNew()).toEqual(idsOf(0, parents).filter(isWhole).sort());
  const { stdout } = await sandbox.run(['dead-letters', 'list', '--source', 'comments', '--json']);
  expect(JSON.parse(stdout)).toMatchObject({ reason: 'parent_failed', record: { parent: { id: 'p77' } } });
  broken.clear();
  asked.clear();
  expect(await sandbox.run(['dead-letters', 'replay', '--source', 'comments'])).toMatchObject({ code: 0 });
  expect(await testWorker.run('comments')).toMatchObject({ outcome: 'ok', postgres: { written: 3 } });
  expect([...asked.keys()]).toEqual(['p77']);
  expect(new Set(inJournal('comments'))).toEqual(new Set(await stored('comments')));
  expect(await withoutNew()).toEqual(idsOf(0, parents).sort());
}, 120_000);
