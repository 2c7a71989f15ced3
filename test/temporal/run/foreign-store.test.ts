import { readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestWorker } from '../../support/test-worker.ts';
import type { TcpProxy } from '../../support/servers/tcp-proxy.ts';
import { until } from '../../support/until.ts';

let testWorker: TestWorker;
let proxy: TcpProxy;
beforeAll(async () => {
  testWorker = await TestWorker.prepare(
    'version: 1\nsources: [{ name: lines, type: file, path: lines.ndjson, id: id, occurred_at: at }]\n',
  );
  writeFileSync(testWorker.path('lines.ndjson'), '{"id":"a","at":"2026-11-01T00:00:00Z"}\n');
  proxy = await testWorker.proxyPostgres();
  await testWorker.run('lines');
  await testWorker.stopWorker();
  renameSync(testWorker.path('data'), testWorker.path('lost'));
  testWorker.useQueue(`${testWorker.taskQueue}-other`);
});
afterAll(async () => {
  await testWorker?.close();
  await proxy?.close();
});

test('a worker with another store does not start, and names store and database', async () => {
  await expect(testWorker.startWorker()).rejects.toMatchObject({
    type: 'ForeignStore',
    message: expect.stringContaining(testWorker.path('data')) as string,
  });
});

test('a worker that could not ask the database starts, is not ready and fetches nothing once it can, until the store is back', async () => {
  proxy.down();
  await testWorker.startWorker();
  expect(await testWorker.worker?.notReadyReasons()).toContain('PostgreSQL cannot be reached');
  proxy.up();
  const missing = async () => (await testWorker.worker?.notReadyReasons())?.join();
  await until('the two are compared', async () => /which are not a pair/.test((await missing()) ?? ''), 30_000);
  writeFileSync(testWorker.path('lines.ndjson'), '{"id":"b","at":"2026-11-01T00:00:00Z"}\n');
  const run = await testWorker.start({ source: 'lines' });
  await until('the run was refused', async () =>
    (await run.describe()).raw.pendingActivities?.some(({ lastFailure }) =>
      /which are not a pair/.test(lastFailure?.message ?? ''),
    ),
  );
  expect(readdirSync(testWorker.path('data'))).not.toContain('spool');
  expect(await testWorker.database.count('select count(*) from raw_events')).toBe(1);

  rmSync(testWorker.path('data'), { recursive: true });
  renameSync(testWorker.path('lost'), testWorker.path('data'));
  expect(await run.result()).toMatchObject({ outcome: 'ok', postgres: { written: 1 } });
  expect(await testWorker.worker?.notReadyReasons()).toEqual([]);
});
