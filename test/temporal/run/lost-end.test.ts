import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { billedEvents } from '../../support/billed-events.ts';
import { createNamespace } from '../../support/servers/namespace.ts';
import { startOrigin, type Origin } from '../../support/servers/origin.ts';
import { startTcpProxy, type TcpProxy } from '../../support/servers/tcp-proxy.ts';
import { TestWorker } from '../../support/test-worker.ts';
import { until } from '../../support/until.ts';

/** The step that ends a run, whose answer does not reach the server. */
let origin: Origin;
let proxy: TcpProxy;
let testWorker: TestWorker;
/** Of the server itself: the worker and its client reach it through the proxy. */
let direct: Connection;

beforeAll(async () => {
  const at = '2026-11-10T00:00:00Z';
  origin = await startOrigin(
    (_url, response) =>
      void response.end(
        JSON.stringify([
          { id: 'a', at },
          { id: 'b', at },
        ]),
      ),
  );
  const address = inject('temporalAddress');
  const [host = '', port] = address.split(':');
  direct = await Connection.connect({ address });
  proxy = await startTcpProxy(host, Number(port));
  const namespace = await createNamespace(address, `lost-end-${proxy.port}`);
  await namespace.close();
  testWorker = await TestWorker.create(
    `version: 1\nsources: [{ name: items, type: http_json, url: "${origin.url}", allow_private: true, id: id, occurred_at: at }]\n`,
    {},
    `127.0.0.1:${proxy.port}`,
    namespace.name,
  );
});
afterAll(async () => {
  proxy?.up();
  await testWorker?.close();
  await proxy?.close();
  await direct?.close();
  await origin?.close();
});

test('a run whose last step was done and lost ends well, and its receipt counts what that step stored', async () => {
  const files = (folder: string) => testWorker.files('data', folder);
  let isLost = false;
  proxy.downOnce(() => (isLost = files('receipts').length === 1 && files('spool').length === 0));
  const handle = await testWorker.start({ source: 'items' });
  await until('the answer is lost', () => isLost);
  const [lost] = files('receipts');
  const { namespace } = testWorker.client.options;
  const seen = new Client({ connection: direct, namespace }).workflow.getHandle(handle.workflowId);
  await until('the server gives it up', async () => {
    const { events = [] } = await seen.fetchHistory();
    return events?.some(({ activityTaskTimedOutEventAttributes: timedOut }) => timedOut) ?? false;
  });
  proxy.up();
  expect(await handle.result()).toMatchObject({ outcome: 'ok', csv: { written: 2 }, postgres: { written: 2 } });
  const steps = (await billedEvents(handle)).filter((step) => step !== 'upsert');
  expect(steps).toEqual(['resolveSource', 'writeAndFinish', 'writeCsv', 'writePostgres', 'finishRun']);
  expect(files('receipts')).toHaveLength(1);
  expect(files('receipts')).not.toEqual([lost]);
  expect(files('spool')).toEqual([]);
  expect(await testWorker.database.count('select count(*) from raw_events')).toBe(2);
  expect(testWorker.csv('items')).toHaveLength(2);
});
