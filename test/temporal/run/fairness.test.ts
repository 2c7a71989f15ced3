import { afterAll, beforeAll, expect, test } from 'vitest';
import { json, startOrigin, type Origin } from '../../support/servers/origin.ts';
import { TestWorker } from '../../support/test-worker.ts';

let origin: Origin;
const workers: TestWorker[] = [];

beforeAll(async () => {
  origin = await startOrigin(json([{ id: 1, at: '2026-11-01T00:00:00Z' }]));
});
afterAll(async () => {
  for (const testWorker of workers) await testWorker.close();
  await origin?.close();
});

const yaml = () => `version: 1
sources:
  - { name: quakes, type: http_json, url: "${origin.url}/", id: id, occurred_at: at, allow_private: true,
      incremental: { cursor: at, start_param: since, end_param: until } }
`;

/** The priorities of a backfill's start, its activities, and its child workflows. */
async function prioritiesWith(fairness: boolean) {
  const testWorker = await TestWorker.prepareApart(yaml());
  workers.push(testWorker);
  testWorker.fairness = fairness;
  await testWorker.startWorker();
  const run = await testWorker.client.workflow.signalWithStart('scrapeRun', {
    workflowId: 'a-run',
    taskQueue: testWorker.taskQueue,
    args: [{ source: 'quakes' }],
    // Handed to a backfill by the client of an activity.
    signal: 'backfill',
    signalArgs: [{ from: '2026-11-01', to: '2026-11-02' }],
  });
  await run.result();
  const backfill = testWorker.client.workflow.getHandle('backfill-quakes');
  await backfill.result();
  const histories = await Promise.all([run, backfill].map((handle) => handle.fetchHistory()));
  return histories.flatMap(({ events }) =>
    (events ?? []).flatMap((event) => {
      const scheduled = event.activityTaskScheduledEventAttributes;
      const child = event.startChildWorkflowExecutionInitiatedEventAttributes;
      const start = event.workflowExecutionStartedEventAttributes;
      const of = scheduled ?? child ?? start;
      if (!of?.priority) return [];
      const what = scheduled?.activityType?.name ?? (child ? 'child' : 'start');
      return `${what} ${of.priority.priorityKey} ${of.priority.fairnessKey ?? ''}`.trimEnd();
    }),
  );
}

test('a worker gives fairness keys to activities, children and what they start if its settings say so', async () => {
  const with_ = await prioritiesWith(true);
  expect(with_).toEqual(
    expect.arrayContaining(['start 4 quakes', 'child 4 quakes', 'resolveSource 2 quakes', 'planBackfill 4 quakes']),
  );
  expect(with_.filter((text) => !text.endsWith(' quakes'))).toEqual([]);
});

test('a worker gives none without, but the same priorities', async () => {
  const without = await prioritiesWith(false);
  expect(without).toEqual(expect.arrayContaining(['start 4', 'child 4', 'resolveSource 2', 'planBackfill 4']));
  expect(without.filter((text) => text.includes('quakes'))).toEqual([]);
});
