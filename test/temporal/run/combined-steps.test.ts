import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CancelledFailure, WorkflowFailedError } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { billedEvents } from '../../support/billed-events.ts';
import { createLatch } from '../../support/latch.ts';
import { startOrigin, type Origin } from '../../support/servers/origin.ts';
import type { TcpProxy } from '../../support/servers/tcp-proxy.ts';
import { TestWorker } from '../../support/test-worker.ts';
import { until } from '../../support/until.ts';

/** The activities that do several steps at once, and what follows where one of these steps fails. */
let origin: Origin;
let testWorker: TestWorker;
let proxy: TcpProxy;

beforeAll(async () => {
  origin = await startOrigin();
  const source = (name: string, retry: string) =>
    `  - { name: ${name}, type: http_json, url: "${origin.url}/${name}", id: id, occurred_at: at, retry: { initial_interval: 50ms, ${retry} } }\n`;
  testWorker = await TestWorker.prepareApart(
    `version: 1\ndefaults: { allow_private: true }\nsources:\n${source('one', 'max_attempts: 3')}${source('once', 'max_attempts: 1')}`,
  );
  proxy = await testWorker.proxyPostgres();
});
afterAll(async () => {
  await testWorker?.close();
  await proxy?.close();
  await origin?.close();
});

let ids = 0;
/** Answers with a record that is new, after so many failures. */
function answer(failures = 0, status = 500): { readonly id: string; readonly asked: () => number } {
  const id = `record-${ids++}`;
  let asked = 0;
  origin.answer((_url, response) => {
    response.statusCode = asked++ < failures ? status : 200;
    response.end(JSON.stringify([{ id, at: '2026-11-10T00:00:00Z' }]));
  });
  return { id, asked: () => asked };
}
const steps = async (handle: Parameters<typeof billedEvents>[0]) =>
  (await billedEvents(handle)).filter((step) => step !== 'upsert');

test('a first fetch that fails is followed by those that the policy of the source still allows', async () => {
  const { asked } = answer(2);
  const handle = await testWorker.start({ source: 'one' });
  expect(await handle.result()).toMatchObject({ outcome: 'ok', postgres: { written: 1 } });
  expect(asked()).toBe(3);
  expect(await steps(handle)).toEqual(['resolveSource', 'timer', 'fetchBatch', 'writeAndFinish']);
  const attempts = testWorker.logs.filter(({ msg }) => msg === 'Activity failed');
  expect(attempts.map(({ activity_type: type }) => type)).toEqual(['fetchBatch', 'fetchBatch']);
});

test.each([
  ['as often as the policy allows', 'one', 500, 3, ['resolveSource', 'timer', 'fetchBatch', 'finishRun']],
  ['where one attempt is allowed', 'once', 500, 1, ['resolveSource', 'finishRun']],
  ['for good', 'one', 404, 1, ['resolveSource', 'finishRun']],
])('a source that fails %s is asked no more often', async (_name, source, status, times, expected) => {
  const { asked } = answer(10, status);
  testWorker.clearData();
  const handle = await testWorker.start({ source });
  await expect(handle.result()).rejects.toThrow(WorkflowFailedError);
  expect(asked()).toBe(times);
  expect(await steps(handle)).toEqual(expected);
  expect(testWorker.receipts.at(-1)).toMatchObject({ outcome: 'failed', error: { message: /answered/ } });
});

test('an empty answer is judged by the last step: a repeated first one might not find it again', async () => {
  origin.answer((_url, response) => void response.end('[]'));
  const handle = await testWorker.start({ source: 'one' });
  expect(await handle.result()).toMatchObject({ outcome: 'empty' });
  expect(await steps(handle)).toEqual(['resolveSource', 'finishRun']);
});

test('a page of many batches is written by two at a time', async () => {
  const many = Array.from({ length: 11_000 }, (_, n) => ({ id: `many-${n}`, at: '2026-11-10T00:00:00Z' }));
  origin.answer((_url, response) => void response.end(JSON.stringify(many)));
  const handle = await testWorker.start({ source: 'one' });
  expect(await handle.result()).toMatchObject({ outcome: 'ok', batches: 3, postgres: { written: 11_000 } });
  expect(await steps(handle)).toEqual(['resolveSource', 'writeBatches', 'writeBatches', 'finishRun']);
});

test('a run that is cancelled during its first fetch ends as cancelled, with a receipt', async () => {
  testWorker.clearData();
  const latch = createLatch();
  const asked = createLatch();
  origin.answer(async (_url, response) => {
    asked.open();
    await latch.opened;
    response.end('[]');
  });
  const handle = await testWorker.start({ source: 'one' });
  await asked.opened;
  await handle.cancel();
  await expect(handle.result()).rejects.toMatchObject({ cause: expect.any(CancelledFailure) as unknown });
  latch.open();
  expect(testWorker.receipts.at(-1)).toMatchObject({ outcome: 'failed', error: { type: 'Cancelled' } });
});

test('a first fetch that took its worker with it is tried again by the policy of the source', async () => {
  const latch = createLatch();
  const asked = createLatch();
  let times = 0;
  origin.answer(async (_url, response) => {
    asked.open();
    if (times++ === 0) await latch.opened;
    response.end('[]');
  });
  const handle = await testWorker.start({ source: 'one' });
  await asked.opened;
  await testWorker.stopWorker();
  latch.open();
  await testWorker.startWorker();
  await handle.result();
  expect(await steps(handle)).toEqual(['resolveSource', 'fetchBatch', 'finishRun']);
});

test('a sink that is slow does not delay the other one, and continues in an activity of its own', async () => {
  const { id } = answer();
  const held = proxy.holdBack(id, 1);
  const handle = await testWorker.start({ source: 'one' });
  await until('PostgreSQL is asked again', async () => (await steps(handle)).includes('writePostgres'), 20_000);
  expect(testWorker.csv('one').map((row) => row['source_id'])).toContain(id);
  await held.release();
  expect(await handle.result()).toMatchObject({ outcome: 'ok', csv: { written: 1 } });
  expect(await steps(handle)).toEqual(['resolveSource', 'writeAndFinish', 'writePostgres', 'finishRun']);
  expect(await testWorker.database.count('select count(*) from raw_events where source_id = $1', [id])).toBe(1);
});

test('a sink that fails continues alone, and the attempt counts', async () => {
  const { id } = answer();
  testWorker.logs.length = 0;
  proxy.down();
  const handle = await testWorker.start({ source: 'one' });
  await until('it was tried together', async () => (await steps(handle)).includes('timer'), 20_000);
  await sleep(200);
  proxy.up();
  expect(await handle.result()).toMatchObject({ outcome: 'ok', csv: { written: 1 }, postgres: { written: 1 } });
  expect(await steps(handle)).toEqual(['resolveSource', 'writeAndFinish', 'timer', 'writePostgres', 'finishRun']);
  const [failed] = testWorker.logs.filter(({ msg }) => msg === 'Activity failed');
  expect(failed).toMatchObject({ activity_type: 'writePostgres', error_type: 'SinkUnavailable' });
  expect(await testWorker.database.count('select count(*) from raw_events where source_id = $1', [id])).toBe(1);
});

test('once a run is written and ended in one step, it is too late to cancel it', async () => {
  const { id } = answer();
  const held = proxy.holdBack(id, 1);
  const handle = await testWorker.start({ source: 'one' });
  await until('PostgreSQL is asked', () => held.count() === 1, 20_000);
  await handle.cancel();
  await held.release();
  expect(await handle.result()).toMatchObject({ outcome: 'ok', postgres: { written: 1 } });
  expect(await steps(handle)).toEqual(['resolveSource', 'writeAndFinish']);
  expect(testWorker.receipts.at(-1)).toMatchObject({ outcome: 'ok', postgres: { written: 1 } });
});

test('an attempt to end a run that failed after it had stored a receipt leaves no second one', async () => {
  testWorker.clearData();
  const { id } = answer();
  const held = proxy.holdBack(id, 1);
  const handle = await testWorker.start({ source: 'one' });
  await until('PostgreSQL is asked', () => held.count() === 1, 20_000);
  // A folder in place of the batch: the last thing that ends a run, its removal, fails.
  const batch = testWorker.files('data', 'spool').find((path) => /[0-9a-f]{64}$/.test(path)) ?? '';
  rmSync(batch);
  mkdirSync(join(batch, 'blocked'), { recursive: true });
  await held.release();
  await until('the run is ended again', async () => (await steps(handle)).includes('finishRun'), 20_000);
  rmSync(batch, { recursive: true });
  const { finishedAt } = await handle.result();
  expect(testWorker.files('data', 'receipts')).toEqual([
    expect.stringContaining(finishedAt.replaceAll(/[^0-9TZ]/g, '')),
  ]);
});
