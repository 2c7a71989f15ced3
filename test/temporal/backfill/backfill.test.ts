import { readFileSync } from 'node:fs';
import type { ApplicationFailure } from '@temporalio/common';
import { WorkflowFailedError } from '@temporalio/client';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { BackfillTally } from '../../../src/workflows/backfill/backfill-input.ts';
import type { BackfillProgress, Progress } from '../../../src/workflows/messages.ts';
import { createLatch } from '../../support/latch.ts';
import { startOrigin, type Origin } from '../../support/servers/origin.ts';
import { TestWorker } from '../../support/test-worker.ts';
import { until } from '../../support/until.ts';

/** Days of which the API answers with 500. */
const broken = new Set<string>();
/** Days of which the API wants to be asked later. */
const limited = new Set<string>();
/** Windows that were asked for, in order, by their start. */
const asked: string[] = [];
let latch: ReturnType<typeof createLatch> | null = null;
let origin: Origin;
let testWorker: TestWorker;

beforeAll(async () => {
  origin = await startOrigin(async (url, response) => {
    const [since, end] = [url.searchParams.get('since'), url.searchParams.get('until')];
    if (since === null || end === null)
      return void response.end(JSON.stringify([{ id: 'live', at: '2026-11-05T00:00:00Z' }]));
    asked.push(since);
    await latch?.opened;
    // The first request of that day is postponed for longer than a retry waits.
    if (limited.has(since.slice(0, 10))) return void response.writeHead(429, { 'Retry-After': '1200' }).end();
    if (broken.has(since.slice(0, 10))) return void response.writeHead(500).end();
    // A record for each hour of the window.
    const items: object[] = [];
    for (let at = Date.parse(since); at < Date.parse(end); at += 3_600_000) {
      items.push({ id: `h${at}`, at: new Date(at).toISOString() });
    }
    response.end(JSON.stringify(items));
  });
  // What one source is asked to wait for, all of its host wait for.
  const host = (name: string) => (name === 'limited' ? origin.url.replace('127.0.0.1', 'localhost') : origin.url);
  const source = (name: string, incremental: string) =>
    `  - { name: ${name}, type: http_json, url: "${host(name)}/${name}", id: id, occurred_at: at${incremental} }\n`;
  testWorker = await TestWorker.create(`version: 1
defaults: { allow_private: true, allow_empty: true, retry: { max_attempts: 1 } }
sources:
${['plain', 'faults', 'merged', 'paused', 'cancelled', 'signalled', 'limited', 'refused', 'handed', 'faster', 'resting', 'hand-paused', 'nonsense'].map((name) => source(name, ', incremental: { cursor: at, start_param: since, end_param: until }')).join('')}${source('endless', ', incremental: { cursor: at, start_param: since }')}${source('none', '')}${source('cut', ', incremental: { cursor: at, start_param: since, end_param: until }, paginator: { type: page_number, page_param: page, max_pages: 1 }')}`);
});
beforeEach(() => {
  asked.length = 0;
  broken.clear();
  limited.clear();
  latch = null;
});
afterAll(async () => {
  await testWorker.close();
  await origin.close();
});

const start = (source: string, request: object, input: object = {}) =>
  testWorker.client.workflow.signalWithStart('backfill', {
    workflowId: `backfill-${source}`,
    taskQueue: testWorker.taskQueue,
    args: [
      {
        source,
        ...input,
      },
    ],
    signal: 'backfill',
    signalArgs: [request],
  });
/** On a busy machine a start takes longer than the second that is the default. */
const soon = { timeout: 20_000 };
const rowsOf = (source: string) =>
  testWorker.database.count('select count(*) from raw_events where source = $1', [source]);
const failureOf = (result: Promise<unknown>) =>
  result.then(
    () => null,
    (error: unknown) => (error as WorkflowFailedError).cause as ApplicationFailure,
  );

describe('backfill', () => {
  test('fetches each window once, as its own run, and does not change the state of the source', async () => {
    await testWorker.run('plain');
    const state = () => readFileSync(testWorker.path('data', 'state', 'plain.json'), 'utf8');
    const before = state();
    const handle = await start('plain', { from: '2026-10-30', to: '2026-11-02T12:00Z' });
    expect(await handle.result()).toEqual({ done: 4, written: 84, failed: [], failedCount: 0 });
    expect(await rowsOf('plain')).toBe(85);
    expect(new Set(asked)).toEqual(
      new Set(['2026-10-30T00:00:00Z', '2026-10-31T00:00:00Z', '2026-11-01T00:00:00Z', '2026-11-02T00:00:00Z']),
    );
    expect(state()).toBe(before);
    const child = await testWorker.client.workflow.getHandle('backfill-plain/2026-10-30_2026-10-31').result();
    expect(child).toMatchObject({ outcome: 'ok', fetched: 24, window: { from: '2026-10-30T00:00:00.000000Z' } });
    expect(await (await start('plain', { from: '2026-10-30', to: '2026-11-01', step: '6h' })).result()).toEqual({
      done: 8,
      written: 0,
      failed: [],
      failedCount: 0,
    });
    expect(testWorker.receipts.every((receipt) => receipt.window === undefined)).toBe(true);
  });

  test('a window that fails neither stops the others nor is forgotten; only failed ones run again', async () => {
    broken.add('2026-11-02');
    const failure = await failureOf((await start('faults', { from: '2026-11-01', to: '2026-11-04' })).result());
    expect(failure?.type).toBe('WindowsFailed');
    expect(failure?.message).toMatch(
      /^1 of 3 windows of faults failed: 2026-11-02_2026-11-03: .*answered 500.*--only failed/,
    );
    expect(failure?.details?.[0]).toMatchObject({
      done: 2,
      written: 48,
      failed: [{ error: { type: 'SourceUnavailable' } }],
    });
    broken.clear();
    asked.length = 0;
    const again = await start('faults', { from: '2026-11-01', to: '2026-11-04', only: 'failed' });
    expect(await again.result()).toMatchObject({ done: 1, written: 24 });
    expect(asked).toEqual(['2026-11-02T00:00:00Z']);
    const missing = await start('faults', { from: '2026-11-01', to: '2026-11-05', only: 'missing' });
    expect(await missing.result()).toMatchObject({ done: 1, written: 24 });
  });

  test('requests that overlap are merged; signals that cannot be read are ignored', async () => {
    latch = createLatch();
    const handle = await start('merged', { from: '2026-11-01', to: '2026-11-04' });
    await until('the first windows run', () => asked.length === 2);
    for (const payload of [
      undefined,
      7,
      {},
      { from: 'x', to: 'y' },
      { from: '2026-11-01', to: '2026-11-02', step: '1s' },
    ]) {
      await handle.signal('backfill', payload);
    }
    await handle.signal('backfill', { from: '2026-11-02', to: '2026-11-06', extra: 1 });
    await handle.signal('backfill', { from: '2026-11-01', to: '2026-11-02', step: '6h' });
    await until('they are taken', async () => {
      const { windows } = await handle.query<BackfillProgress>('progress');
      return windows.waiting === 3;
    });
    latch.open();
    expect(await handle.result()).toMatchObject({ done: 5, written: 120 });
    expect(asked).toHaveLength(5);
  });

  test('is paused and resumed: running windows finish, no other starts', async () => {
    latch = createLatch();
    const handle = await start('paused', { from: '2026-11-01', to: '2026-11-05' }, { concurrency: 1 });
    await until('the first window runs', () => asked.length === 1);
    await handle.signal('pause', { reason: 'API maintenance', by: 'me' });
    latch.open();
    await until('it has finished', async () => (await handle.query<BackfillProgress>('progress')).windows.done === 1);
    expect(await handle.query('progress')).toMatchObject({ paused: { by: 'me', reason: 'API maintenance' } });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(asked).toHaveLength(1);
    await handle.signal('resume');
    expect(await handle.result()).toMatchObject({ done: 4 });
  });

  test('uses the concurrency of the latest request, also while it is running', async () => {
    latch = createLatch();
    const handle = await start('faster', { from: '2026-11-01', to: '2026-11-08', concurrency: 1 });
    await until('one window runs', () => asked.length === 1);
    await handle.signal('backfill', { from: '2026-11-01', to: '2026-11-02', concurrency: 4 });
    await until('four run', () => asked.length === 4);
    expect((await handle.query<BackfillProgress>('progress')).windows).toMatchObject({ waiting: 3, done: 0 });
    latch.open();
    expect(await handle.result()).toMatchObject({ done: 7 });
  });

  test('of a source paused by daybook waits for resume; a schedule paused by hand does not matter', async () => {
    const schedule = (source: string, note: string) =>
      testWorker.client.schedule.create({
        scheduleId: `scrape-${source}`,
        spec: {},
        action: {
          type: 'startWorkflow',
          workflowType: 'scrapeRun',
          taskQueue: testWorker.taskQueue,
          args: [{ source }],
        },
        state: { paused: true, note },
      });
    const schedules = [
      await schedule('resting', 'daybook: paused by me@here: API maintenance'),
      await schedule('hand-paused', 'API maintenance'),
    ];
    try {
      const range = { from: '2026-11-01', to: '2026-11-02' };
      expect(await (await start('hand-paused', range)).result()).toMatchObject({ done: 1 });
      asked.length = 0;
      const handle = await start('resting', range);
      await until('it is planned', async () => {
        const { windows } = await handle.query<BackfillProgress>('progress');
        return windows.waiting === 1;
      });
      expect(await handle.query('progress')).toMatchObject({
        paused: { by: 'me@here', reason: 'API maintenance', until: null },
        windows: { waiting: 1, running: [], done: 0 },
      });
      await handle.signal('resume', {});
      expect(await handle.result()).toMatchObject({ done: 1 });
      expect(asked).toHaveLength(1);
    } finally {
      await Promise.all(schedules.map((handle) => handle.delete()));
    }
  });

  test('started by a request that cannot be read fails with why', async () => {
    const handle = await start('nonsense', { from: '2026-11-01', until: '2026-11-02' });
    const failure = await failureOf(handle.result());
    expect(failure?.type).toBe('InvalidInput');
    expect(failure?.message).toMatch(/^backfill: found \{"from":"2026-11-01","until".*expected \{"from": /);
  });

  test('that is cancelled lets running windows store what they have, and starts no other', async () => {
    latch = createLatch();
    const handle = await start('cancelled', { from: '2026-11-01', to: '2026-11-10' });
    await until('windows run', () => asked.length === 2);
    await handle.cancel();
    await expect(handle.result()).rejects.toThrow(WorkflowFailedError);
    latch.open();
    expect(asked).toHaveLength(2);
    for (const window of ['2026-11-01_2026-11-02', '2026-11-02_2026-11-03']) {
      const { status } = await testWorker.client.workflow.getHandle(`backfill-cancelled/${window}`).describe();
      expect(status.name).toBe('CANCELLED');
    }
    // An interrupted window is missing, and has failed: it runs again by either option.
    const range = { from: '2026-11-01', to: '2026-11-04' };
    const missing = await start('cancelled', { ...range, only: 'missing' });
    expect(await missing.result()).toMatchObject({ done: 3 });
  });

  test.each([
    ['endless', /add incremental\.end_param/],
    ['none', /add incremental with cursor, start_param and end_param/],
  ])('of a source without window support (%s) names the key to add', async (source, message) => {
    const failure = await failureOf((await start(source, { from: '2026-11-01', to: '2026-11-02' })).result());
    expect(failure?.type).toBe('NotBackfillable');
    expect(failure?.message).toMatch(message);
  });

  test('is started by a run that was signalled', async () => {
    await testWorker.client.workflow.signalWithStart('scrapeRun', {
      workflowId: 'a-run-of-my-own',
      taskQueue: testWorker.taskQueue,
      args: [{ source: 'signalled' }],
      signal: 'backfill',
      signalArgs: [
        {
          from: '2026-11-01',
          to: '2026-11-03',
        },
      ],
    });
    await testWorker.client.workflow.getHandle('a-run-of-my-own').result();
    await vi.waitFor(async () => {
      const tally = (await testWorker.client.workflow.getHandle('backfill-signalled').result()) as BackfillTally;
      expect(tally).toMatchObject({ done: 2, written: 48 });
    }, soon);
  });

  test('a window that the source postpones is not done: it waits for its time', async () => {
    limited.add('2026-11-02');
    const handle = await start('limited', { from: '2026-11-01', to: '2026-11-03' }, { concurrency: 1 });
    const child = testWorker.client.workflow.getHandle('backfill-limited/2026-11-02_2026-11-03');
    await until('the source puts it off', () => asked.length === 2);
    expect(await child.result()).toMatchObject({
      outcome: 'rate_limited',
      resume: { notBefore: expect.any(String) as string },
    });
    const { windows } = await handle.query<BackfillProgress>('progress');
    expect(windows).toEqual({ waiting: 0, running: ['2026-11-02_2026-11-03'], done: 1, failed: 0 });
    await handle.cancel();
    await expect(handle.result()).rejects.toThrow(WorkflowFailedError);
    limited.clear();
    // A postponed window is missing, not done.
    const again = await start('limited', { from: '2026-11-01', to: '2026-11-03', only: 'missing' });
    await until('it is taken', async () => {
      const { windows: left } = await again.query<BackfillProgress>('progress');
      return left.running[0] === '2026-11-02_2026-11-03' && left.waiting === 0;
    });
    await again.terminate();
  });

  test('a window that max_pages cuts has failed', async () => {
    const failure = await failureOf((await start('cut', { from: '2026-11-01', to: '2026-11-02' })).result());
    expect(failure?.type).toBe('WindowsFailed');
    expect(failure?.message).toMatch(/raise max_pages/);
    expect(await rowsOf('cut')).toBe(24);
  });

  test('a request too many stops no other, and is reported at the end', async () => {
    latch = createLatch();
    const handle = await start('refused', { from: '2026-11-01', to: '2026-11-02' });
    await until('the window runs', () => asked.length === 1);
    // Two windows are left after the first: both requests together would be more than may wait.
    await handle.signal('backfill', { from: '2026-11-02', to: '2026-11-03' });
    await handle.signal('backfill', { from: '2026-10-01', to: '2026-10-07T22:39Z', step: '1m' });
    await until('they are taken', async () => {
      const { windows } = await handle.query<BackfillProgress>('progress');
      return windows.waiting + windows.running.length === 2;
    });
    latch.open();
    const failure = await failureOf(handle.result());
    expect(failure?.type).toBe('NotBackfillable');
    expect(failure?.message).toMatch(/9999 more windows would make 10001, at most 10000 are allowed at a time/);
    expect(failure?.details?.[0]).toMatchObject({ done: 2, written: 48, failedCount: 0 });
  });

  test('requested at a paused run is handed over at once', async () => {
    const paused = await testWorker.client.workflow.signalWithStart('scrapeRun', {
      workflowId: 'a-paused-run',
      taskQueue: testWorker.taskQueue,
      args: [{ source: 'handed' }],
      signal: 'pause',
      signalArgs: [{ reason: 'a test' }],
    });
    await until('it is paused', async () => (await paused.query<Progress>('progress')).phase === 'paused');
    await paused.signal('backfill', { from: '2026-11-01', to: '2026-11-02' });
    await vi.waitFor(async () => {
      expect(await testWorker.client.workflow.getHandle('backfill-handed').result()).toMatchObject({ done: 1 });
    }, soon);
    expect((await paused.query<Progress>('progress')).phase).toBe('paused');
    await paused.signal('resume');
    await paused.result();
  });

  test('requested at a run whose source is unknown says so itself', async () => {
    const run = await testWorker.client.workflow.signalWithStart('scrapeRun', {
      workflowId: 'a-run-of-nothing',
      taskQueue: testWorker.taskQueue,
      args: [{ source: 'nothing' }],
      signal: 'backfill',
      signalArgs: [
        {
          from: '2026-11-01',
          to: '2026-11-02',
        },
      ],
    });
    await expect(run.result()).rejects.toThrow(WorkflowFailedError);
    const failure = await failureOf(testWorker.client.workflow.getHandle('backfill-nothing').result());
    expect(failure?.type).toBe('UnknownSource');
  });
});
