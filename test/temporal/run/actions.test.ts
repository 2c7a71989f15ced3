import { afterAll, beforeAll, expect, test } from 'vitest';
import { defineSearchAttributeKey } from '@temporalio/common';
import { billedEvents } from '../../support/billed-events.ts';
import { pollCosts } from '../../../src/domain/cost/poll-cost.ts';
import type { ProbeResult } from '../../../src/domain/run/probe.ts';
import { startOrigin, type Origin } from '../../support/servers/origin.ts';
import { TestWorker } from '../../support/test-worker.ts';
import { until } from '../../support/until.ts';

/** What a poll costs on Temporal Cloud: see docs/performance.md. */
let origin: Origin;
let testWorker: TestWorker;

/** Sources of one interval that are probed. */
const probed = Array.from({ length: 60 }, (_, index) => `probed-${index}`);
const time = '2026-11-10T00:00:00Z';
const pageOf = (page: number, size: number) =>
  JSON.stringify(Array.from({ length: size }, (_, n) => ({ id: `${page}-${n}`, at: time })));

beforeAll(async () => {
  origin = await startOrigin((url, response, request) => {
    const page = Number(url.searchParams.get('page'));
    if (url.pathname === '/etag') {
      const isKnown = request.headers['if-none-match'] === '"1"';
      response.writeHead(isKnown ? 304 : 200, { etag: '"1"' });
      response.end(isKnown ? undefined : pageOf(0, 1));
    } else if (url.pathname.startsWith('/probed')) response.end(pageOf(0, 20));
    else if (url.pathname === '/lines') {
      response.writeHead(200, { 'content-type': 'text/csv' }).end(`id,at\n1,${time}\n`);
    } else if (url.pathname === '/same') response.end(pageOf(0, 20));
    else response.end(pageOf(page, page <= 10 ? 5_000 : 0));
  });
  const source = (name: string, more = '', type = 'http_json') =>
    `  - { name: ${name}, type: ${type}, url: "${origin.url}/${name}", allow_private: true, id: id, occurred_at: at${more} }\n`;
  testWorker = await TestWorker.create(
    `version: 1\nsources:\n${probed.map((name) => source(name, ', schedule: { every: 1m, probe: true }')).join('')}${source('etag')}${source('same')}${source('lines', ', format: csv', 'http')}${source('pages', ', paginator: { type: page_number }')}`,
  );
});
afterAll(async () => {
  await testWorker?.close();
  await origin?.close();
});

/** Runs a source as its schedule does, and returns the outcome and what was billed. */
async function poll(source: string): Promise<{ outcome: string; billed: string[] }> {
  const handle = await testWorker.client.workflow.start('scrapeRun', {
    workflowId: `scrape-${source}-${testWorker.taskQueue}`,
    taskQueue: testWorker.taskQueue,
    args: [{ source }],
    typedSearchAttributes: [{ key: defineSearchAttributeKey('DaybookSource', 'KEYWORD'), value: source }],
  });
  const { outcome } = (await handle.result()) as { outcome: string };
  return { outcome, billed: await billedEvents(handle) };
}

test('a poll with one batch costs five actions, one without news costs four', async () => {
  for (const source of ['etag', 'same']) {
    const batch = await poll(source);
    const unchanged = await poll(source);
    expect(batch).toEqual({ outcome: 'ok', billed: ['resolveSource', 'writeAndFinish'] });
    expect(unchanged).toEqual({ outcome: 'unchanged', billed: ['resolveSource'] });
    // Of a schedule: two for itself, one for the start.
    expect(batch.billed.length + 3).toBe(pollCosts.usual.batch.actions);
    expect(unchanged.billed.length + 3).toBe(pollCosts.usual.unchanged.actions);
  }
});

test('a poll of CSV, whose fetch is a step of its own, costs six actions', async () => {
  const batch = await poll('lines');
  const unchanged = await poll('lines');
  expect(batch).toEqual({ outcome: 'ok', billed: ['resolveSource', 'fetchBatch', 'writeAndFinish'] });
  expect(unchanged).toEqual({ outcome: 'unchanged', billed: ['resolveSource', 'fetchBatch', 'finishRun'] });
  expect(batch.billed.length + 3).toBe(pollCosts.apart.batch.actions);
  expect(unchanged.billed.length + 3).toBe(pollCosts.apart.unchanged.actions);
});

test('a poll with ten batches costs twenty actions at most', async () => {
  const { outcome, billed: actions } = await poll('pages');
  expect(outcome).toBe('ok');
  expect(await testWorker.database.count(`select count(*) from raw_events where source = 'pages'`)).toBe(50_000);
  expect(actions.length).toBeLessThanOrEqual(20 - 3);
});

test('60 sources that are probed together cost at most 0.2 actions for each unchanged poll', async () => {
  const { client, taskQueue } = testWorker;
  const probe = async (at: string) => {
    const handle = await client.workflow.start('probe', {
      workflowId: `probe-${taskQueue}-${at}`,
      taskQueue,
      args: [{ everyMs: 60_000, shard: 0, shards: 1 }],
    });
    const result = (await handle.result()) as ProbeResult;
    return { handle, result };
  };
  const { result: first } = await probe('2026-11-10T00:00:00Z');
  expect(first.started).toHaveLength(60);
  for (const name of first.started) await client.workflow.getHandle(`scrape-${name}-${first.at}`).result();
  await until('no run is listed', async () => {
    const { result } = await probe(`${new Date().toISOString().slice(0, 19)}Z`);
    return result.unchanged === 60;
  });
  const { handle, result } = await probe('2026-11-10T01:00:00Z');
  expect(result).toMatchObject({ asked: 60, unchanged: 60, started: [] });
  const billed = await billedEvents(handle);
  expect(billed).toEqual(['probeSources']);
  // Beside the start by the schedule, and a heartbeat for each of the eight seconds that it might take.
  expect((billed.length + 3 + 8) / 60).toBeLessThanOrEqual(0.2);
});
