import { readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { TestWorker } from '../../support/test-worker.ts';
import type { TcpProxy } from '../../support/tcp-proxy.ts';
import { until } from '../../support/until.ts';

let rig: TestWorker;
let proxy: TcpProxy;
beforeEach(async () => {
  rig = await TestWorker.create(
    'version: 1\nsources: [{ name: lines, type: file, path: lines.ndjson, id: id, occurred_at: at }]\n',
  );
  writeFileSync(rig.path('lines.ndjson'), '{"id":"a","at":"2026-11-01T00:00:00Z"}\n');
  await rig.run('lines');
  proxy = await rig.proxyPostgres();
  await rig.stopWorker();
  renameSync(rig.path('data'), rig.path('lost'));
  rig.useQueue(`${rig.taskQueue}-other`);
});
afterEach(async () => {
  await rig.close();
  await proxy.close();
});

test('a worker with another store does not start, and names store and database', async () => {
  await expect(rig.startWorker()).rejects.toMatchObject({
    type: 'ForeignStore',
    message: expect.stringContaining(rig.path('data')) as string,
  });
});

test('a worker that could not ask the database starts, is not ready and fetches nothing once it can, until the store is back', async () => {
  proxy.down();
  await rig.startWorker();
  expect(await rig.worker?.notReadyReasons()).toContain('PostgreSQL cannot be reached');
  proxy.up();
  const missing = async () => (await rig.worker?.notReadyReasons())?.join();
  await until('the two are compared', async () => /which are not a pair/.test((await missing()) ?? ''), 30_000);
  writeFileSync(rig.path('lines.ndjson'), '{"id":"b","at":"2026-11-01T00:00:00Z"}\n');
  const run = await rig.start({ source: 'lines' });
  await until('the run was refused', async () =>
    (await run.describe()).raw.pendingActivities?.some(({ lastFailure }) =>
      /which are not a pair/.test(lastFailure?.message ?? ''),
    ),
  );
  expect(readdirSync(rig.path('data'))).not.toContain('spool');
  expect(await rig.database.count('select count(*) from raw_events')).toBe(1);

  rmSync(rig.path('data'), { recursive: true });
  renameSync(rig.path('lost'), rig.path('data'));
  expect(await run.result()).toMatchObject({ outcome: 'ok', postgres: { written: 1 } });
  expect(await rig.worker?.notReadyReasons()).toEqual([]);
});
