import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { WorkflowFailedError } from '@temporalio/client';
import { CancelledFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { SourceState } from '../../../src/domain/state/source-state.ts';
import type { Progress } from '../../../src/workflows/messages.ts';
import { latchPages } from '../../support/latched-pages.ts';
import { historyText } from '../../support/history-text.ts';
import { json, startOrigin, type Origin } from '../../support/servers/origin.ts';
import { TestWorker } from '../../support/test-worker.ts';
import { until } from '../../support/until.ts';

let origin: Origin;
let testWorker: TestWorker;

const yaml = (url: string) => `version: 1
defaults: { allow_private: true, retry: { max_attempts: 2, initial_interval: 10ms } }
sources:
  - { name: one, type: http_json, url: "${url}/one", id: id, occurred_at: at, allow_empty: true }
  - { name: pages, type: http_json, url: "${url}/pages", id: id, occurred_at: at, paginator: { type: page_number } }
  - { name: picky, type: http_json, url: "${url}/picky", id: id, occurred_at: at, on_invalid: fail }
  - { name: ratio, type: http_json, url: "${url}/ratio", id: id, occurred_at: at, max_reject_ratio: 0.2 }
  - { name: flappy, type: http_json, url: "${url}/flappy", id: id, occurred_at: at, retry: { max_attempts: 1 } }
  - { name: secret, type: http_json, url: "${url}/secret", id: id, occurred_at: at,
      headers: { Authorization: "Bearer \${env:TOKEN}", X-Api-Key: literal-key-1 } }
`;

beforeAll(async () => {
  origin = await startOrigin();
  testWorker = await TestWorker.create(yaml(origin.url), { TOKEN: 'canary-secret-1' });
});
afterAll(async () => {
  await testWorker.close();
  await origin.close();
});

const at = '2026-11-01T00:00:00Z';
const record = (id: string) => ({ id, at });
const state = (source: string) =>
  JSON.parse(readFileSync(testWorker.path('data', 'state', `${source}.json`), 'utf8')) as SourceState;

/** Serves three pages, each as large as a fetch, and holds page 2 back until the latch opens. */
function latchedPages(prefix: string, size = 5_000) {
  const items = (page: number) => Array.from({ length: size }, (_, n) => record(`${prefix}-${page}-${n}`));
  return latchPages(origin, (page) => JSON.stringify(page <= 3 ? items(page) : []));
}

const storedLike = (prefix: string) =>
  testWorker.database.count(`select count(*) from raw_events where source = 'pages' and source_id like $1`, [
    `${prefix}-%`,
  ]);

describe('scrapeRun', () => {
  // Before any worker is killed: the others would wait until the server forgets it, for it may know the source.
  test('of an unknown source fails with the names of all sources', async () => {
    const { type, message } = await testWorker.runToFailure('picki');
    expect(type).toBe('UnknownSource');
    expect(message).toContain('did you mean "picky"');
  });

  test('uses the last good configuration while an edit is broken, and says so', async () => {
    await testWorker.run('one');
    origin.answer(json([record('good-config')]));
    writeFileSync(testWorker.path('daybook.yaml'), 'version: 1\nsources: [ {');
    expect(await testWorker.run('one')).toMatchObject({ outcome: 'ok' });
    await expect(testWorker.run('added')).rejects.toMatchObject({
      cause: { type: 'UnknownSource', message: expect.stringContaining('using the last good one') as string },
    });
    const alert = expect.objectContaining({ event: 'alert', name: 'config', source: 'daybook' });
    await vi.waitFor(() => expect(testWorker.logs).toContainEqual(alert), { timeout: 20_000 });
    testWorker.configure(yaml(origin.url));
  });

  test('shows its receipt as details, has the search attribute and answers progress after its end', async () => {
    origin.answer(json([record('p1')]));
    const handle = await testWorker.start({ source: 'one' });
    await handle.result();
    expect(await handle.query<Progress>('progress')).toMatchObject({ source: 'one', phase: 'finished', inFlight: 0 });
    const metadata = await handle.query('__temporal_workflow_metadata');
    expect(JSON.stringify(metadata)).toContain('| fetched | accepted |');
    const { typedSearchAttributes } = await handle.describe();
    expect(JSON.stringify(typedSearchAttributes)).toContain('"one"');
  });

  test('paused, settles what is in flight and fetches nothing more until it is resumed', async () => {
    const { latch, reached } = latchedPages('pause');
    const handle = await testWorker.start({ source: 'pages' });
    await reached.opened;
    // Twice the same signal is one pause.
    for (let n = 0; n < 2; n++) await handle.signal('pause', { reason: 'maintenance', by: 'me' });
    latch.open();
    const paused = await until('the run is paused', async () => {
      const progress = await handle.query<Progress>('progress');
      return progress.phase === 'paused' ? progress : null;
    });
    expect(paused).toMatchObject({ paused: { reason: 'maintenance', by: 'me', until: null }, inFlight: 0 });
    // The fetch that was on its way took two pages.
    expect(await storedLike('pause')).toBe(15_000);
    expect(state('pages').unfinished?.page).toBe(4);
    const asked = origin.requests.length;
    await handle.signal('resume', { by: 'me' });
    expect(await handle.result()).toMatchObject({ outcome: 'ok', fetched: 15_000 });
    expect(origin.requests.slice(asked)).toEqual(['/pages?page=4']);
  });

  test('paused until a time resumes automatically; invalid signals change nothing', async () => {
    origin.answer(json([record('until')]));
    const workflowId = `scrape-one-until-${testWorker.taskQueue}`;
    const handle = await testWorker.client.workflow.signalWithStart('scrapeRun', {
      workflowId,
      taskQueue: testWorker.taskQueue,
      args: [{ source: 'one' }],
      signal: 'pause',
      signalArgs: [{ until: new Date(Date.now() + 1_500).toISOString(), reason: 5, extra: [1] }],
    });
    await handle.signal('pause', { until: '2020-01-01T00:00:00Z' });
    await handle.signal('pause', { until: Date.now() + 1_500 });
    await handle.signal('pause', { until: new Date(Date.now() + 1_500).toISOString() });
    await handle.signal('nonsense', 1, 2, 3);
    const before = origin.requests.length;
    expect(await handle.result()).toMatchObject({ accepted: 1 });
    expect(origin.requests.length).toBe(before + 1);
    const warnings = testWorker.logs.filter(({ workflow_id: of, level }) => of === workflowId && level === 'warn');
    expect(warnings.map(({ msg }) => msg)).toEqual([
      'Pause already over, ignored',
      'Pause has an invalid `until`; it has no end',
    ]);
  });

  test('cancelled, stores what it has fetched, remembers where it was, and ends as cancelled', async () => {
    const { latch, reached } = latchedPages('cancel');
    await testWorker.run('one');
    rmSync(testWorker.path('data', 'state', 'pages.json'), { force: true });
    const handle = await testWorker.start({ source: 'pages' });
    await reached.opened;
    await handle.cancel();
    const error = await handle.result().catch((failure: unknown) => failure);
    expect(error).toBeInstanceOf(WorkflowFailedError);
    expect((error as WorkflowFailedError).cause).toBeInstanceOf(CancelledFailure);
    expect(await storedLike('cancel')).toBe(5_000);
    expect(state('pages').unfinished?.page).toBe(2);
    expect(testWorker.receipts.at(-1)).toMatchObject({ outcome: 'failed', error: { type: 'Cancelled' } });
    latch.open();
    expect(await testWorker.run('pages')).toMatchObject({ fetched: 15_000, unchanged: 5_000 });
    expect(await storedLike('cancel')).toBe(15_000);
  });

  test('continues with another worker after its own is gone', async () => {
    const { latch, reached } = latchedPages('worker');
    const handle = await testWorker.start({ source: 'pages' });
    await reached.opened;
    await testWorker.stopWorker();
    latch.open();
    await testWorker.startWorker();
    expect(await handle.result()).toMatchObject({ fetched: 15_000, postgres: { written: 15_000 } });
    expect(await storedLike('worker')).toBe(15_000);
  });

  test('with on_invalid: fail stores nothing of a page with an invalid record', async () => {
    origin.answer(json([record('good'), { id: 'bad', at: 'never' }]));
    const { type, receipt } = await testWorker.runToFailure('picky');
    expect(type).toBe('InvalidRecord');
    expect(receipt).toMatchObject({ fetched: 0, postgres: { written: 0 } });
  });

  test('with too many rejects fails after storing the good ones, and its state advances', async () => {
    const good = Array.from({ length: 15 }, (_, n) => record(`r${n}`));
    const bad = Array.from({ length: 5 }, (_, n) => ({ id: `b${n}` }));
    origin.answer(json([...good, ...bad]));
    const { type, receipt } = await testWorker.runToFailure('ratio');
    expect(type).toBe('TooManyRejects');
    expect(receipt).toMatchObject({ fetched: 20, rejected: 5, postgres: { written: 15 } });
    expect(state('ratio').watermark).toBe('2026-11-01T00:00:00.000000Z');
  });

  test('waits as long as Retry-After asks', async () => {
    let calls = 0;
    origin.answer((_url, response) => {
      if (calls++ === 0) response.writeHead(503, { 'retry-after': '1' }).end();
      else response.end(JSON.stringify([record('after')]));
    });
    const startedAt = Date.now();
    expect(await testWorker.run('one')).toMatchObject({ outcome: 'ok' });
    expect(Date.now() - startedAt).toBeGreaterThan(950);
  });

  test.each(['0', 'Thu, 01 Jan 2026 00:00:00 GMT'])('is tried again where Retry-After says %s', async (header) => {
    let calls = 0;
    origin.answer((_url, response) => {
      if (calls++ === 0) response.writeHead(503, { 'retry-after': header }).end();
      else response.end(JSON.stringify([record(`after-${header}`)]));
    });
    expect(await testWorker.run('one')).toMatchObject({ outcome: 'ok' });
  });

  test.each([[undefined], [{}], [{ source: '../x' }], [{ source: 7 }], ['one'], [{ source: 'one', carry: {} }]])(
    'fails at once for input %j',
    async (input) => {
      const started = await testWorker.client.workflow.start('scrapeRun', {
        workflowId: `scrape-input-${Math.random()}`,
        taskQueue: testWorker.taskQueue,
        args: input === undefined ? [] : [input],
      });
      const error = (await started.result().catch((failure: unknown) => failure)) as WorkflowFailedError;
      expect(error.cause).toMatchObject({ type: 'InvalidInput' });
    },
  );

  test('handles 600 signals of all kinds and shapes, and ends normally', async () => {
    const { latch, reached } = latchedPages('signals', 50);
    const handle = await testWorker.start({ source: 'pages' });
    await reached.opened;
    const shapes: unknown[] = [undefined, null, 7, 'x', [], {}, { until: 'never' }, { by: 7, reason: {} }, { from: 1 }];
    const payloads = Array.from({ length: 200 }, (_, n) => shapes[n % shapes.length]);
    // Some at once: each moment with signals is a workflow task.
    for (let n = 0; n < payloads.length; n += 20) {
      const some = payloads.slice(n, n + 20);
      await Promise.all(
        ['pause', 'resume', 'backfill'].flatMap((name) => some.map((payload) => handle.signal(name, payload))),
      );
    }
    await handle.signal('resume');
    latch.open();
    expect(await handle.result()).toMatchObject({ fetched: 150, accepted: 150 });
    expect(await storedLike('signals')).toBe(150);
  });

  test('starts from scratch, with an alert, if its state is damaged', async () => {
    origin.answer((_url, response) => void response.end(JSON.stringify([record('damaged')])));
    mkdirSync(testWorker.path('data', 'state'), { recursive: true });
    writeFileSync(testWorker.path('data', 'state', 'one.json'), '{"version":1}');
    expect(await testWorker.run('one')).toMatchObject({ outcome: 'ok', postgres: { written: 1 } });
    const alert = expect.objectContaining({ event: 'alert', name: 'state', source: 'one' });
    await vi.waitFor(() => expect(testWorker.logs).toContainEqual(alert), { timeout: 20_000 });
  });

  test('of a source that failed twice waits, and says why; one by command polls at once and ends the streak', async () => {
    origin.answer((_url, response) => void response.writeHead(500).end());
    await testWorker.runToFailure('flappy');
    await testWorker.runToFailure('flappy');
    const asked = origin.requests.length;
    const waiting = await testWorker.start({ source: 'flappy' });
    await until('it backs off', async () => (await waiting.query<Progress>('progress')).phase === 'backing off');
    origin.answer(json([record('flappy')]));
    const forced = await testWorker.start({ source: 'flappy', force: true });
    expect(await forced.result()).toMatchObject({ outcome: 'ok', fetched: 1 });
    expect(origin.requests.length).toBe(asked + 1);
    expect(await testWorker.run('flappy')).toMatchObject({ outcome: 'unchanged' });
    expect(state('flappy').failures).toBeNull();
    await waiting.cancel();
    await expect(waiting.result()).rejects.toThrow(/cancelled/i);
  });

  test('reads configuration and state again after it backed off', async () => {
    origin.answer((_url, response) => void response.writeHead(500).end());
    await testWorker.runToFailure('flappy');
    await testWorker.runToFailure('flappy');
    const { failures } = state('flappy');
    const path = testWorker.path('data', 'state', 'flappy.json');
    const soon = new Date(Date.now() + 3_000).toISOString();
    writeFileSync(path, JSON.stringify({ ...state('flappy'), failures: { ...failures, until: soon } }));
    const waiting = await testWorker.start({ source: 'flappy' });
    await until('it backs off', async () => (await waiting.query<Progress>('progress')).phase === 'backing off');
    // Meanwhile a command lets it poll everything since a time.
    const watermark = '2020-01-01T00:00:00.000000Z';
    writeFileSync(path, JSON.stringify({ ...state('flappy'), watermark }));
    origin.answer(json([]));
    expect(await waiting.result()).toMatchObject({ resume: { watermark } });
  });

  test('keeps secrets out of its history, logs, dead letters and receipts', async () => {
    origin.answer((_url, response, request) => {
      // A server that echoes what it was sent, in records and in errors.
      const { authorization, 'x-api-key': key } = request.headers;
      response.end(JSON.stringify([{ id: 'x', at: `${authorization} ${String(key)}` }]));
    });
    const handle = await testWorker.start({ source: 'secret' });
    await handle.result();
    expect(origin.lastHeaders()).toMatchObject({
      authorization: 'Bearer canary-secret-1',
      'x-api-key': 'literal-key-1',
    });
    const history = await historyText(handle);
    expect(history).toContain('${env:TOKEN}');
    const files = testWorker.files('data').map((file) => readFileSync(file, 'utf8'));
    for (const text of [history, JSON.stringify(testWorker.logs), ...files]) {
      expect(text).not.toContain('canary-secret-1');
      expect(text).not.toContain('literal-key-1');
    }
    expect(files.join()).toContain('[redacted]');
  });
});
