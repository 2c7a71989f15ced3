import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { clearPollState } from '../../../src/domain/state/source-state.ts';
import { openAlerts, settleAlerts } from '../../../src/store/alerts/alerts.ts';
import type { BlobStore } from '../../../src/store/blobs/blob-store.ts';
import { markMissing } from '../../../src/store/delivery/deferred.ts';
import { createDirectoryStore } from '../../../src/store/blobs/directory-store.ts';
import { readLastReceipt } from '../../../src/store/run/receipts.ts';
import { changeState, readState, resetStates } from '../../../src/store/run/states.ts';
import { latchPages } from '../../support/latched-pages.ts';
import { startOrigin, type Origin } from '../../support/servers/origin.ts';
import { TestWorker } from '../../support/test-worker.ts';
import type { ReplayDeadLettersInput } from '../../../src/workflows/dead-letters/replay-dead-letters.ts';

let origin: Origin;
let testWorker: TestWorker;
let store: BlobStore;

const config = (id = 'id') => `version: 1
defaults: { allow_private: true, retry: { max_attempts: 1 } }
sources:
  - { name: pages, type: http_json, url: "${origin.url}/pages", id: id, occurred_at: at, paginator: { type: page_number } }
  - { name: since, type: http_json, url: "${origin.url}/since", id: id, occurred_at: at, paginator: { type: page_number },
      incremental: { cursor: at, start_param: since } }
  - { name: renamed, type: http_json, url: "${origin.url}/renamed", id: ${id}, occurred_at: at }
`;

beforeAll(async () => {
  origin = await startOrigin();
  testWorker = await TestWorker.create(config());
  store = createDirectoryStore(testWorker.path('data'));
});
afterAll(async () => {
  await testWorker.close();
  await origin.close();
});

const time = (day: number) => `2026-11-${String(day).padStart(2, '0')}T00:00:00.000000Z`;
const records = (prefix: string, size: number) =>
  Array.from({ length: size }, (_, n) => ({ id: `${prefix}-${n}`, at: time(10) }));

/** Serves two pages; the answer to the second waits for the latch. */
function latchedPages(prefix: string, size: number) {
  return latchPages(origin, (page) => JSON.stringify(page <= 2 ? records(`${prefix}-${page}`, size) : []));
}

describe('a command that changes the state of a source while a run is open', () => {
  const rewound = time(5);
  const commands: Record<string, () => Promise<void>> = {
    'state rewind': () =>
      changeState(store, 'pages', (state) => state && { ...clearPollState(state), watermark: rewound }),
    'state reset': () => resetStates(store, ['pages']),
  };

  test.each(Object.entries(commands))('%s: the run stores all, and remembers nothing', async (name, command) => {
    origin.answer((url, response) => {
      response.end(JSON.stringify(url.searchParams.get('page') === '1' ? records('first', 1) : []));
    });
    await testWorker.run('pages');
    const { latch, reached } = latchedPages(name.replace(' ', '-'), 5_000);
    const handle = await testWorker.start({ source: 'pages' });
    await reached.opened;
    await command();
    const before = await readState(store, 'pages');
    latch.open();
    const receipt = await handle.result();
    const watermark = name === 'state reset' ? null : rewound;
    expect(receipt).toMatchObject({
      outcome: 'ok',
      fetched: 10_000,
      postgres: { written: 10_000 },
      resume: { watermark },
      warnings: [
        {
          code: 'state_changed',
          count: 1,
        },
      ],
    });
    expect(await readLastReceipt(store, 'pages', new Date())).toEqual(receipt);
    expect(await readState(store, 'pages')).toEqual(before);
    const next = await testWorker.run('pages');
    expect(next).toMatchObject({ fetched: 10_000, unchanged: 0, postgres: { written: 0, duplicate: 10_000 } });
    expect(next.warnings).toBeUndefined();
    expect(await testWorker.run('pages')).toMatchObject({ unchanged: 10_000 });
  });

  test('dead-letters replay: what could not be replayed is asked for again', async () => {
    await resetStates(store, ['pages']);
    origin.answer((url, response) => {
      response.end(
        JSON.stringify(url.searchParams.get('page') === '1' ? [{ at: time(1) }, ...records('first', 1)] : []),
      );
    });
    expect(await testWorker.run('pages')).toMatchObject({ rejected: 1 });
    const { latch, reached } = latchedPages('replayed', 5_000);
    const handle = await testWorker.start({ source: 'pages' });
    await reached.opened;
    const input: ReplayDeadLettersInput = { source: 'pages' };
    await testWorker.client.workflow.execute('replayDeadLetters', {
      workflowId: `replay-dead-letters-pages-${testWorker.taskQueue}`,
      taskQueue: testWorker.taskQueue,
      args: [input],
    });
    latch.open();
    expect(await handle.result()).toMatchObject({ outcome: 'ok', warnings: [{ code: 'state_changed' }] });
    expect((await readState(store, 'pages')).state).toMatchObject({ previousPoll: [], epoch: expect.any(Number) });
  });
});

describe('an `id` that was changed', () => {
  const warning = expect.objectContaining({
    code: 'state_changed',
    message: expect.stringMatching(/^id was "id" .* is "code"/) as string,
  }) as object;
  const serve = (status: number) =>
    origin.answer((_, response) => {
      response.statusCode = status;
      response.end(JSON.stringify([{ id: 'a', code: 'b', at: time(10) }]));
    });

  test('is reported by each run until one succeeds', async () => {
    serve(200);
    expect((await testWorker.run('renamed')).warnings).toBeUndefined();
    testWorker.configure(config('code'));
    serve(404);
    expect((await testWorker.runToFailure('renamed')).receipt?.warnings).toEqual([warning]);
    serve(200);
    expect(await testWorker.run('renamed')).toMatchObject({
      outcome: 'ok',
      postgres: { written: 1 },
      warnings: [warning],
    });
    expect((await testWorker.run('renamed')).warnings).toBeUndefined();
  });
});

describe('a batch that is gone from the spool', () => {
  const isOpen = async () => (await openAlerts(store)).some(({ name }) => name === 'batch_gone');
  const lost = () => store.list('lost/postgres/since');

  beforeEach(async () => {
    origin.answer((url, response) => {
      response.end(JSON.stringify(url.searchParams.get('page') === '1' ? records(`lost-${Date.now()}`, 1) : []));
    });
    await resetStates(store, ['since']);
    await testWorker.run('since');
    await testWorker.run('since');
    const { epoch } = await readState(store, 'since');
    const batch = {
      source: 'since',
      workflowId: 'w',
      firstRunId: 'r',
      number: 0,
      hash: 'f'.repeat(64),
      records: 1,
      bytes: 9,
      ingestedAt: '2026-11-11T00:00:00.000Z',
      earliest: time(8),
    };
    await markMissing(store, 'postgres', { batch, reason: 'away', since: '2026-11-11T00:00:00.000Z' }, epoch);
    await settleAlerts(store, 'since', [{ name: 'batch_gone', message: 'gone' }], new Date());
  });

  const rewind = (day: number) =>
    changeState(store, 'since', (state) => state && { ...clearPollState(state), watermark: time(day) });

  test('is noted until a poll that began at or before it has reached its end', async () => {
    await testWorker.run('since');
    expect(await lost()).toHaveLength(1);
    await rewind(9);
    await testWorker.run('since');
    expect(await lost()).toHaveLength(1);
    await rewind(8);
    expect(await lost()).toHaveLength(1);
    expect(await isOpen()).toBe(true);
    origin.answer((url, response) => {
      if (url.searchParams.get('page') !== '1') return void response.writeHead(404).end();
      response.end(JSON.stringify(records('broken-off', 5_000)));
    });
    await expect(testWorker.run('since')).rejects.toMatchObject({ cause: { type: 'SourceRefused' } });
    expect(await lost()).toHaveLength(1);
    origin.answer((url, response) => {
      response.end(JSON.stringify(url.searchParams.get('page') === '2' ? records('rest', 1) : []));
    });
    // A continued poll is still the one that began there.
    await testWorker.run('since');
    expect(await lost()).toEqual([]);
    expect(await isOpen()).toBe(false);
  });

  test('is no longer noted after a poll from scratch', async () => {
    await resetStates(store, ['since']);
    await testWorker.run('since');
    expect(await lost()).toEqual([]);
    expect(await isOpen()).toBe(false);
  });
});
