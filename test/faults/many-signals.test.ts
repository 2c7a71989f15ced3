import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { WorkflowHandle } from '@temporalio/client';
import type { BackfillTally } from '../../src/workflows/backfill/backfill-input.ts';
import type { BackfillProgress, Progress } from '../../src/workflows/messages.ts';
import { json, startOrigin, type Origin } from '../support/servers/origin.ts';
import { TestWorker } from '../support/test-worker.ts';
import { until } from '../support/until.ts';

const signals = 1_000;
let origin: Origin;
let testWorker: TestWorker;

beforeAll(async () => {
  origin = await startOrigin(json([{ id: 1, at: '2026-11-01T00:00:00Z' }]));
  testWorker = await TestWorker.create(`version: 1
sources:
  - { name: many, type: http_json, url: "${origin.url}/", allow_private: true, id: id, occurred_at: at,
      incremental: { cursor: at, start_param: since, end_param: until } }
`);
});
afterAll(async () => {
  await testWorker.close();
  await origin.close();
});

const odd = [
  undefined,
  null,
  7,
  'text',
  [],
  [{}],
  {},
  { reason: 7, by: {}, until: [] },
  { reason: 'x', until: 'never', more: { deep: [1, 2, 3] } },
  { from: 1, to: 2 },
  { from: '2026-11-02', to: '2026-11-01' },
  { from: '2026-11-01', to: '2026-11-02', step: 'one day' },
  { from: '1000-01-01', to: '2026-01-01', step: '1m' },
  { from: '2026-11-01', to: '2026-11-02', step: {}, only: 'odd', extra: true },
];

/** Sends signals, a few at a time. */
async function send(handle: WorkflowHandle, count: number, one: (n: number) => readonly [string, ...unknown[]]) {
  for (let start = 0; start < count; start += 50) {
    const numbers = Array.from({ length: Math.min(50, count - start) }, (_, n) => start + n);
    await Promise.all(numbers.map(async (n) => handle.signal(...(one(n) as [string]))));
  }
}

const oddSignal = (n: number): [string, ...unknown[]] => {
  const name = ['pause', 'backfill', 'resume', 'nonsense'][n % 4] ?? '';
  const argument = odd[Math.floor(n / 4) % odd.length];
  return argument === undefined ? [name] : n % 3 === 0 ? [name, argument, 'one too many'] : [name, argument];
};

describe(`${signals} signals at once, most of them invalid`, () => {
  test('do a run no harm: it pauses, resumes, and ends with its receipt', async () => {
    const handle = await testWorker.client.workflow.signalWithStart('scrapeRun', {
      workflowId: `scrape-many-${testWorker.taskQueue}`,
      taskQueue: testWorker.taskQueue,
      args: [{ source: 'many' }],
      signal: 'pause',
      signalArgs: [{ reason: 'wait' }],
    });
    const open = testWorker.client.workflow.getHandle(handle.workflowId);
    await send(open, signals, (n) => {
      const signal = oddSignal(n);
      return signal[0] === 'resume' ? ['pause', { reason: `number ${n}` }] : signal;
    });
    await until('it is paused still', async () => (await open.query<Progress>('progress')).paused);
    await open.signal('resume');
    expect(await open.result()).toMatchObject({ source: 'many', outcome: 'ok', postgres: { written: 1 } });
  });

  test('do a backfill no harm: valid requests are merged, and all are run once', async () => {
    const workflowId = 'backfill-many';
    // Without a request it would end at once, paused or not.
    await testWorker.stopWorker();
    const handle = await testWorker.client.workflow.signalWithStart('backfill', {
      workflowId,
      taskQueue: testWorker.taskQueue,
      args: [{ source: 'many' }],
      signal: 'pause',
      signalArgs: [{ reason: 'wait' }],
    });
    const open = testWorker.client.workflow.getHandle(handle.workflowId);
    await open.signal('backfill', { from: '2026-11-01', to: '2026-11-02' });
    await testWorker.startWorker();
    await send(open, signals, (n) => {
      if (n % 2 === 0) return ['backfill', { from: '2026-11-01', to: `2026-11-0${2 + (n % 8)}` }];
      const signal = oddSignal(n);
      return signal[0] === 'resume' ? ['nonsense'] : signal;
    });
    await until(
      'the windows are known',
      async () => (await open.query<BackfillProgress>('progress')).windows.waiting >= 7,
    );
    await open.signal('resume');
    const tally = (await open.result()) as BackfillTally;
    expect(tally).toMatchObject({ failed: [] });
    const windows: string[] = [];
    const query = `WorkflowId STARTS_WITH 'backfill-many/' AND TaskQueue = '${testWorker.taskQueue}'`;
    for await (const { workflowId: id } of testWorker.client.workflow.list({ query })) windows.push(id);
    expect(tally.done).toBe(7);
    expect(new Set(windows).size).toBe(7);
    expect(windows.length).toBe(7);
  });

  test('at the moment of completion are handled by the run or refused as too late: a backfill is never forgotten', async () => {
    let accepted = 0;
    for (let n = 0; n < 20; n++) {
      const handle = await testWorker.start({ source: 'many' });
      const day = `2026-10-${String(n + 1).padStart(2, '0')}`;
      const next = `2026-10-${String(n + 2).padStart(2, '0')}`;
      const over = handle.result();
      // Some come while it works, some as it ends, some after.
      await new Promise((resolve) => setTimeout(resolve, n * 8));
      const reported = await handle.signal('backfill', { from: day, to: next }).then(
        () => true,
        () => false,
      );
      expect(await over).toMatchObject({ source: 'many' });
      if (!reported) continue;
      accepted++;
      await until(`the window of ${day} has run`, () =>
        testWorker.files('data', 'windows', 'many').some((path) => path.includes(`/${day}`)),
      );
    }
    expect(accepted).toBeGreaterThan(0);
  });
});
