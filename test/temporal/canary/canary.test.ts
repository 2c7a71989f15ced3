import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { type WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CanaryResult, FailedCanary } from '../../../src/domain/monitoring/canary.ts';
import { readCanaryReport } from '../../../src/store/canary/canary-report.ts';
import { createDirectoryStore } from '../../../src/store/blobs/directory-store.ts';
import { openAlerts } from '../../../src/store/alerts/alerts.ts';
import { retryQuickly } from '../../support/quick-retries.ts';
import { TestWorker } from '../../support/test-worker.ts';
import type { TcpProxy } from '../../support/servers/tcp-proxy.ts';
import { until } from '../../support/until.ts';
import { startWebhook, type Webhook } from '../../support/servers/webhook.ts';

const yaml = 'version: 1\nsources: [{ name: lines, type: file, path: lines.ndjson, id: id, occurred_at: at }]\n';
let testWorker: TestWorker;
let proxy: TcpProxy;
let webhook: Webhook;

beforeAll(async () => {
  webhook = await startWebhook();
  testWorker = await TestWorker.prepare(yaml);
  testWorker.alertWebhook = webhook.url.replace('127.0.0.1', 'localhost');
  testWorker.proxies = { httpProxy: 'http://127.0.0.1:1', noProxy: 'localhost' };
  proxy = await testWorker.proxyPostgres();
});
afterAll(async () => {
  await testWorker?.close();
  await proxy?.close();
  await webhook?.close();
});

let number = 0;
const start = async (): Promise<WorkflowHandle> => {
  const { client, taskQueue } = testWorker;
  const workflowId = `canary-${taskQueue}-${number++}`;
  return client.workflow.start('canary', { workflowId, taskQueue, args: [] });
};
const runCanary = async () => (await (await start()).result()) as CanaryResult;
const failureOf = async (handle: WorkflowHandle): Promise<FailedCanary> => {
  const error = (await handle.result().catch((thrown: unknown) => thrown)) as { cause: { details: FailedCanary[] } };
  return error.cause.details[0] as FailedCanary;
};
const store = () => createDirectoryStore(testWorker.path('data'));
const alerts = async () => (await openAlerts(store())).map(({ name, source }) => `${source} ${name}`);

/** Everything that canaries have anywhere, but for the report. */
async function left(): Promise<string[]> {
  const rows = await testWorker.database.rows(
    `select 'row' as line from raw_events union all select 'key' from raw_event_keys
     union all select 'token' from raw_event_batches`,
  );
  const files = testWorker.files('data').map((path) => path.slice(testWorker.path('data').length + 1));
  const expected = /^(?:canary\/latest\.json|alerts\/daybook-canary\/|store\.json$|config\/)/;
  return [...rows.map(({ line }) => String(line)), ...files.filter((path) => !expected.test(path))];
}

/** Holds writes to the ledger until the function it resolves to is called. */
async function holdLedger(): Promise<() => Promise<void>> {
  const client = await testWorker.database.pool.connect();
  await client.query('begin; lock table raw_event_keys in share row exclusive mode');
  return async () => {
    await client.query('rollback');
    client.release();
  };
}
/** Those that are whole: one being written has another name until it is. */
const parts = () => testWorker.files('data', 'csv', 'daybook-canary').filter((path) => path.endsWith('.csv'));

describe('canary', () => {
  test('sends a record end to end, says how long each step took, and leaves nothing behind', async () => {
    const handle = await start();
    const result = (await handle.result()) as CanaryResult;
    const ms = expect.any(Number) as number;
    expect(result).toMatchObject({
      ok: true,
      workflowId: handle.workflowId,
      lagMs: ms,
      durationsMs: {
        fetch: ms,
        'write to CSV': ms,
        'write to PostgreSQL': ms,
        'confirm in CSV': ms,
        'clean up': ms,
      },
    });
    expect(result.lagMs).toBeGreaterThanOrEqual(result.durationsMs.fetch ?? Infinity);
    expect(await left()).toEqual([]);
    expect(existsSync(testWorker.path('data', 'csv', 'daybook-canary'))).toBe(false);
    expect(await readCanaryReport(store())).toEqual({
      ok: true,
      at: result.finishedAt,
      succeededAt: result.finishedAt,
      lagMs: result.lagMs,
      error: null,
      workflowId: handle.workflowId,
    });
    expect(await alerts()).toEqual([]);
    const { searchAttributes } = await handle.describe();
    expect(searchAttributes['DaybookSource']).toEqual(['daybook-canary']);
  });

  test('many at once do not delete each other’s records', async () => {
    const results = await Promise.all(Array.from({ length: 8 }, () => runCanary()));
    expect(results.map(({ ok }) => ok)).toEqual(Array(8).fill(true));
    expect(await left()).toEqual([]);
  });

  test('one that is cancelled in the middle leaves nothing behind, and opens no alert', async () => {
    const release = await holdLedger();
    const handle = await start();
    await until('its part is written', () => parts().length > 0);
    await handle.cancel();
    await release();
    await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
    expect(await left()).toEqual([]);
    expect(await alerts()).toEqual([]);
  });

  test('leftovers of a terminated one are deleted by the next', async () => {
    const release = await holdLedger();
    const handle = await start();
    await until('its part is written', () => parts().length > 0);
    await handle.terminate();
    await release();
    // The write was in progress.
    await until('its row is stored', async () => (await left()).includes('row'));
    const day = testWorker.path(
      'data',
      'csv',
      'daybook-canary',
      readdirSync(testWorker.path('data', 'csv', 'daybook-canary'))[0] ?? '',
    );
    writeFileSync(`${day}/damaged.csv`, 'sour');
    expect((await left()).length).toBeGreaterThanOrEqual(6);
    await runCanary();
    expect(await left()).toEqual([]);
  });

  test('a record that a sink has lost is detected, with the name of the sink', async () => {
    const release = await holdLedger();
    const handle = await start();
    await until('its part is written', () => parts().length > 0);
    rmSync(parts()[0] ?? '');
    await release();
    expect(await failureOf(handle)).toMatchObject({
      ok: false,
      step: 'confirm in CSV',
      error: {
        type: 'CanaryLost',
        message: expect.stringMatching(/csv took the record, but no file/) as string,
      },
    });
    expect(await alerts()).toEqual(['daybook-canary canary']);
    await runCanary();
    expect(await alerts()).toEqual([]);
    await testWorker.database.rows(
      `create function spoil() returns trigger language plpgsql as $$ begin new.payload := '{}'; return new; end $$`,
    );
    await testWorker.database.rows(
      'create trigger spoil before insert on raw_events for each row execute function spoil()',
    );
    expect(await failureOf(await start())).toMatchObject({
      step: 'confirm in PostgreSQL',
      error: { message: expect.stringMatching(/the payload of its row differs/) as string },
    });
    await testWorker.database.rows('drop trigger spoil on raw_events');
    // Its run was in the payload: the token alone is left, as that of any batch is for 30 days.
    await testWorker.database.rows('delete from raw_event_batches');
    await runCanary();
    expect(await left()).toEqual([]);
  });

  test('without PostgreSQL it fails after its retries, with an alert that the next success resolves', async () => {
    await runCanary();
    const reported = webhook.posted.length;
    proxy.down();
    const handle = await start();
    await retryQuickly(testWorker.client, handle, 'writePostgres');
    const failed = await failureOf(handle);
    expect(failed).toMatchObject({ step: 'write to PostgreSQL', error: { type: 'SinkUnavailable' } });
    expect(await alerts()).toEqual(['daybook-canary canary']);
    expect(await readCanaryReport(store())).toMatchObject({
      ok: false,
      lagMs: null,
      error: { step: 'write to PostgreSQL' },
      succeededAt: expect.stringMatching(/Z$/) as string,
    });
    proxy.up();
    expect(await left()).toEqual([]);
    await runCanary();
    expect(await alerts()).toEqual([]);
    expect(webhook.posted.slice(reported)).toMatchObject([
      {
        name: 'canary',
        source: 'daybook-canary',
        state: 'open',
        message: expect.stringMatching(/write to Postg/) as string,
      },
      { name: 'canary', source: 'daybook-canary', state: 'resolved' },
    ]);
  });

  test('an unwritable CSV folder fails it at that step, and nothing is deferred', async () => {
    rmSync(testWorker.path('data', 'csv'), { recursive: true });
    writeFileSync(testWorker.path('data', 'csv'), 'in the way');
    const handle = await start();
    await retryQuickly(testWorker.client, handle, 'writeCsv');
    expect(await failureOf(handle)).toMatchObject({ step: 'write to CSV', error: { type: 'SinkUnavailable' } });
    expect(await left()).toEqual(['csv']);
    rmSync(testWorker.path('data', 'csv'));
    mkdirSync(testWorker.path('data', 'csv'));
    await runCanary();
    // The worker's own alert of the folder ends with its next check, which this triggers.
    expect(await testWorker.worker?.notReadyReasons()).toEqual([]);
  });

  test('a proxy of the environment is not used', async () => {
    expect(testWorker.proxies.httpProxy).toBe('http://127.0.0.1:1');
    expect(await runCanary()).toMatchObject({ ok: true });
  });

  test('a lost response only costs time', async () => {
    proxy.loseAnswersTo('daybook-canary', 2);
    expect(await runCanary()).toMatchObject({ ok: true });
    expect(await left()).toEqual([]);
  });
});
