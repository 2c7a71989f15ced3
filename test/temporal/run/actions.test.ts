import { afterAll, beforeAll, expect, test } from 'vitest';
import { defineSearchAttributeKey } from '@temporalio/common';
import { billedEvents } from '../../support/billed-events.ts';
import { startOrigin, type Origin } from '../../support/servers/origin.ts';
import { TestWorker } from '../../support/test-worker.ts';

/** What a poll costs on Temporal Cloud: see docs/performance.md. */
let origin: Origin;
let testWorker: TestWorker;

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
    } else if (url.pathname === '/same') response.end(pageOf(0, 20));
    else response.end(pageOf(page, page <= 10 ? 5_000 : 0));
  });
  const source = (name: string, more = '') =>
    `  - { name: ${name}, type: http_json, url: "${origin.url}/${name}", allow_private: true, id: id, occurred_at: at${more} }\n`;
  testWorker = await TestWorker.create(
    `version: 1\nsources:\n${source('etag')}${source('same')}${source('pages', ', paginator: { type: page_number }')}`,
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
    expect(await poll(source)).toEqual({ outcome: 'ok', billed: ['resolveSource', 'writeAndFinish'] });
    expect(await poll(source)).toEqual({ outcome: 'unchanged', billed: ['resolveSource'] });
  }
});

test('a poll with ten batches costs twenty actions at most', async () => {
  const { outcome, billed: actions } = await poll('pages');
  expect(outcome).toBe('ok');
  expect(await testWorker.database.count(`select count(*) from raw_events where source = 'pages'`)).toBe(50_000);
  expect(actions.length).toBeLessThanOrEqual(20 - 3);
});
