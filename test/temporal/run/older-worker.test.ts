import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { expect, inject, test } from 'vitest';
import { noCounts } from '../../../src/domain/run/receipt.ts';

import { httpPlan, state } from '../../unit/sources/plans.ts';

/** What a worker of 0.2.0 answers where a batch of 60 records was cut short to 33: it does not compare them. */
function olderActivities(calls: string[]) {
  const batch = { source: 'items', workflowId: 'w', firstRunId: 'r', number: 0, hash: 'h', records: 60, bytes: 9 };
  const counts = { fetched: 60, accepted: 60, rejected: 0, unchanged: 0, repaired: 0, pages: 1 };
  const end = { cutShort: false, notModified: false, notBefore: null };
  const noted =
    <T>(name: string, answer: T) =>
    async (): Promise<T> => {
      calls.push(name);
      return answer;
    };
  const patch = { watermark: '2026-11-01T00:00:00.000000Z' };
  const batches = [{ ...batch, ingestedAt: '2026-11-01T00:00:00.000Z' }];
  return {
    resolveSource: noted('resolveSource', { plan: httpPlan({ name: 'items' }), state, searchAttribute: false }),
    fetchBatch: noted('fetchBatch', { counts, batches, nextNumber: 1, position: null, patch, end }),
    writeCsv: noted('writeCsv', { ...noCounts, written: 33 }),
    writePostgres: noted('writePostgres', { ...noCounts, written: 33 }),
    saveState: async ({ state: saved }: { state: { watermark: string | null } }) =>
      void calls.push(`saveState ${saved.watermark}`),
    releaseBatches: noted('releaseBatches', undefined),
    saveReceipt: noted('saveReceipt', { notify: false }),
  };
}

test('a batch that a worker of 0.2.0 read incompletely is not settled: the state stays before it', async () => {
  const address = inject('temporalAddress');
  const calls: string[] = [];
  const connection = await NativeConnection.connect({ address });
  const taskQueue = `older-${process.pid}`;
  const worker = await Worker.create({
    connection,
    taskQueue,
    activities: olderActivities(calls),
    workflowBundle: { codePath: fileURLToPath(new URL('../../../dist/workflow-bundle.js', import.meta.url)) },
  });
  const client = new Client({ connection: await Connection.connect({ address }) });
  await worker.runUntil(async () => {
    const run = client.workflow.execute('scrapeRun', { workflowId: taskQueue, taskQueue, args: [{ source: 'items' }] });
    await expect(run).rejects.toMatchObject({ cause: { type: 'ReceiptUnbalanced' } });
  });
  await client.connection.close();
  await connection.close();
  // What a failed run remembers is that it failed.
  expect(calls.filter((call) => call.startsWith('saveState'))).toEqual(['saveState null']);
  expect(calls).not.toContain('releaseBatches');
});
