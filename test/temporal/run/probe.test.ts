import { readdirSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ProbeResult } from '../../../src/domain/run/probe.ts';
import { storedPauses } from '../../../src/store/run/pauses.ts';
import { createDirectoryStore } from '../../../src/store/blobs/directory-store.ts';
import { startOrigin, type Origin } from '../../support/servers/origin.ts';
import { TestWorker } from '../../support/test-worker.ts';
import { until } from '../../support/until.ts';

let origin: Origin;
let testWorker: TestWorker;

/** What each path answers: a body, and how it says that it has not changed. */
const documents = new Map<
  string,
  { body: string; etag?: string; modified?: string; status?: number; delayMs?: number }
>();
const bodyOf = (...ids: string[]) => JSON.stringify(ids.map((id) => ({ id, at: '2026-11-10T00:00:00Z' })));
/** Responses that wait until a test answers them. */
const held: { path: string; response: ServerResponse }[] = [];
const heldPaths = new Set<string>();

const source = (name: string, more = '') =>
  `  - { name: ${name}, type: http_json, url: "${origin.url}/${name}", allow_private: true, id: id, occurred_at: at, retry: { max_attempts: 1 }, schedule: { every: 1m, probe: true }${more} }\n`;
const yaml = (...sources: string[]) => `version: 1\nsources:\n${sources.join('')}`;

beforeAll(async () => {
  origin = await startOrigin(async (url, response, request) => {
    const path = url.pathname.slice(1);
    const { body, etag, modified, status = 200, delayMs = 0 } = documents.get(path) ?? { body: bodyOf(path) };
    if (heldPaths.has(path)) return void held.push({ path, response });
    if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
    const { 'if-none-match': match, 'if-modified-since': since } = request.headers;
    const isSame = (etag !== undefined && match === etag) || (modified !== undefined && since === modified);
    response.writeHead(isSame ? 304 : status, {
      ...(etag === undefined ? {} : { etag }),
      ...(modified === undefined ? {} : { 'last-modified': modified }),
    });
    response.end(isSame ? undefined : body);
  });
  testWorker = await TestWorker.create(yaml(source('placeholder')));
});
afterAll(async () => {
  for (const { response } of held) response.destroy();
  await testWorker?.close();
  await origin?.close();
});

let second = 0;
const nextTime = () => new Date(Date.UTC(2026, 0, 1) + second++ * 1_000).toISOString().replace('.000', '');

/** The worker takes it at its next look. */
const configure = (...sources: string[]) => testWorker.configure(yaml(...sources));

async function startProbe(at = nextTime()) {
  const { taskQueue } = testWorker;
  return testWorker.client.workflow.start('probe', {
    workflowId: `probe-${taskQueue}-${at}`,
    taskQueue,
    args: [{ everyMs: 60_000, shard: 0, shards: 1 }],
  });
}

/** Probes, and waits until the runs that it has started are over. */
async function probe(at?: string): Promise<ProbeResult> {
  const result = (await (await startProbe(at)).result()) as ProbeResult;
  for (const name of result.started) {
    await testWorker.client.workflow
      .getHandle(`scrape-${name}-${result.at}`)
      .result()
      .catch(() => undefined);
  }
  await until('no run is listed', async () => (await openRuns()).length === 0);
  return result;
}

async function openRuns(): Promise<string[]> {
  const query = `WorkflowType = 'scrapeRun' AND ExecutionStatus = 'Running' AND TaskQueue = '${testWorker.taskQueue}'`;
  const ids: string[] = [];
  for await (const { workflowId } of testWorker.client.workflow.list({ query })) ids.push(workflowId);
  return ids;
}

const receiptsOf = (name: string) => testWorker.files('data', 'receipts', name);
const rows = (name: string) => testWorker.database.count(`select count(*) from raw_events where source = '${name}'`);

describe('a probe', () => {
  test('starts a run of what is new, and none of what is unchanged by ETag, Last-Modified or its content', async () => {
    documents.set('tagged', { body: bodyOf('1'), etag: '"1"' });
    documents.set('dated', { body: bodyOf('1'), modified: 'Sun, 01 Nov 2026 00:00:00 GMT' });
    documents.set('hashed', { body: bodyOf('1') });
    configure(source('tagged'), source('dated'), source('hashed'));
    expect(await probe()).toMatchObject({ asked: 0, due: 3, started: ['dated', 'hashed', 'tagged'] });
    const state = readdirSync(testWorker.path('data', 'state'));
    for (let polls = 0; polls < 2; polls++) {
      expect(await probe()).toMatchObject({ asked: 3, unchanged: 3, due: 0, changed: 0, failed: 0, started: [] });
    }
    expect(readdirSync(testWorker.path('data', 'state'))).toEqual(state);
    for (const name of ['tagged', 'dated', 'hashed']) expect(receiptsOf(name)).toHaveLength(1);

    documents.set('tagged', { body: bodyOf('1', '2'), etag: '"2"' });
    documents.set('dated', { body: bodyOf('1', '2'), modified: 'Mon, 02 Nov 2026 00:00:00 GMT' });
    expect(await probe()).toMatchObject({ asked: 3, unchanged: 1, changed: 2, started: ['dated', 'tagged'] });
    documents.set('hashed', { body: bodyOf('1', '2') });
    expect(await probe()).toMatchObject({ asked: 3, unchanged: 2, changed: 1, started: ['hashed'] });
    expect(await probe()).toMatchObject({ unchanged: 3, started: [] });
    for (const name of ['tagged', 'dated', 'hashed']) expect(await rows(name)).toBe(2);
  });

  test('starts one run for a time, however often it is repeated', async () => {
    documents.set('twice', { body: bodyOf('1') });
    configure(source('twice'));
    const at = nextTime();
    expect((await probe(at)).started).toEqual(['twice']);
    documents.set('twice', { body: bodyOf('1', '2') });
    expect(await probe(at)).toMatchObject({ changed: 1, started: [] });
    expect(receiptsOf('twice')).toHaveLength(1);
    expect((await probe()).started).toEqual(['twice']);
  });

  test('leaves out a paused source', async () => {
    configure(source('rests'), source('works'));
    await probe();
    documents.set('rests', { body: bodyOf('1', '2') });
    const pauses = storedPauses(createDirectoryStore(testWorker.path('data')));
    await pauses.write('rests', { by: 'ann', reason: 'x', until: new Date(Date.now() + 60_000).toISOString() });
    expect(await probe()).toMatchObject({ asked: 1, paused: 1, unchanged: 1, started: [] });
    await pauses.write('rests', { by: 'ann', reason: 'x', until: new Date(Date.now() - 1).toISOString() });
    expect(await probe()).toMatchObject({ paused: 0, changed: 1, started: ['rests'] });
  });

  test('starts a run of a source that fails, and leaves it out while that run is open or the source backs off', async () => {
    configure(source('fails'), source('fine'));
    await probe();
    documents.set('fails', { body: 'no', status: 500 });
    expect(await probe()).toMatchObject({ asked: 2, failed: 1, unchanged: 1, started: ['fails'] });
    // Its first failure is forgiven; then it backs off.
    expect(await probe()).toMatchObject({ asked: 1, due: 1, unchanged: 1, started: ['fails'] });
    expect(await probe()).toMatchObject({ asked: 1, waiting: 1, unchanged: 1, started: [] });

    configure(source('open'));
    await probe();
    heldPaths.add('open');
    const run = await testWorker.start({ source: 'open' });
    const command = await testWorker.client.workflow.start('scrapeRun', {
      workflowId: `scrape-open-run-${new Date().toISOString()}`,
      taskQueue: testWorker.taskQueue,
      args: [{ source: 'open' }],
    });
    await until('both runs ask', () => held.length >= 2);
    expect(await startProbe().then((handle) => handle.result())).toMatchObject({ asked: 0, waiting: 1, started: [] });
    heldPaths.clear();
    for (const { response } of held.splice(0)) response.end(bodyOf('open'));
    await Promise.all([run.result(), command.result()]);
    await until('no run is listed', async () => (await openRuns()).length === 0);
    expect(await probe()).toMatchObject({ asked: 1, waiting: 0 });
  });

  test('starts a run if the configuration of a source has changed', async () => {
    configure(source('moved'));
    await probe();
    expect(await probe()).toMatchObject({ unchanged: 1 });
    configure(source('moved', ', headers: { x-a: b }'));
    expect(await probe()).toMatchObject({ asked: 0, due: 1, started: ['moved'] });
    expect(await probe()).toMatchObject({ unchanged: 1, started: [] });
  });

  test('starts a run as long as a poll makes dead letters', async () => {
    documents.set('wrong', { body: '[{"id":"1","at":"2026-11-10T00:00:00Z"},{"id":"2","at":"never"}]' });
    configure(source('wrong'));
    await probe();
    expect(await probe()).toMatchObject({ asked: 0, due: 1 });
    documents.set('wrong', { body: bodyOf('1', '2') });
    expect(await probe()).toMatchObject({ due: 1 });
    expect(await probe()).toMatchObject({ asked: 1, unchanged: 1 });
  });

  test('is repeated by another worker if its own is lost', async () => {
    configure(source('kept'), source('other'));
    await probe();
    documents.set('kept', { body: bodyOf('1', '2') });
    documents.set('other', { body: bodyOf('1', '2') });
    heldPaths.add('kept');
    const handle = await startProbe();
    await until('it asks', () => held.length > 0);
    await testWorker.stopWorker();
    heldPaths.clear();
    for (const { response } of held.splice(0)) response.destroy();
    await testWorker.startWorker();
    expect(await handle.result()).toMatchObject({ asked: 2, changed: 2, started: ['kept', 'other'] });
    await until('both are stored', async () => (await rows('kept')) + (await rows('other')) === 6);
  });

  test('starts a run of a source that is too slow for it', async () => {
    await testWorker.stopWorker();
    testWorker.probeRequestMs = 500;
    configure(source('slow'), source('quick'));
    await testWorker.startWorker();
    await probe();
    documents.set('slow', { body: bodyOf('1', '2'), delayMs: 1_000 });
    expect(await probe()).toMatchObject({ asked: 2, failed: 1, unchanged: 1, started: ['slow'] });
    expect(await rows('slow')).toBe(3);
  });
});
