import { expect, test } from 'vitest';
import { createDeliverBatches } from '../../../../src/activities/delivery/deliver-batches.ts';
import { createCsvWriter } from '../../../../src/sinks/csv/csv-writer.ts';
import type { BlobStore } from '../../../../src/store/blobs/blob-store.ts';
import { createDirectoryStore } from '../../../../src/store/blobs/directory-store.ts';
import { spoolRecords } from '../../../../src/store/delivery/batches.ts';
import { listDeferred, markDeferred } from '../../../../src/store/delivery/deferred.ts';
import type { DeliveryReceipt } from '../../../../src/store/delivery/delivery-receipts.ts';
import { createFolderJournal } from '../../../../src/store/journal/folder/folder-journal.ts';
import { journalPaths } from '../../../../src/store/paths/paths.ts';
import { csvRowsBelow } from '../../../support/csv-rows.ts';
import { useTemporaryFolder } from '../../store/temporary-folder.ts';
import { FanOutWorker } from '../fan-out/fan-out-worker.ts';

const folder = useTemporaryFolder();

/** A store that changes nothing any more after so many changes, as if its process had been killed. */
function killedAfter(
  store: BlobStore,
  changes: number,
): { readonly store: BlobStore; readonly isAlive: () => boolean } {
  let left = changes;
  const changing = new Set<string | symbol>(['put', 'putIfAbsent', 'delete']);
  const get = (target: BlobStore, name: string | symbol): unknown => {
    const value: unknown = Reflect.get(target, name);
    if (typeof value !== 'function') return value;
    return (...args: unknown[]): unknown => {
      if (changing.has(name) && left-- <= 0) throw new Error('killed');
      return Reflect.apply(value, target, args);
    };
  };
  return { store: new Proxy(store, { get }), isAlive: () => left >= 0 };
}

/** A store with deferred batches, and what delivers them. */
async function deferred(root: string, count: number) {
  const store = createDirectoryStore(`${root}/data`);
  const parts = createDirectoryStore(`${root}/csv`);
  await parts.put('x', '');
  const journal = createFolderJournal({ csv: `${root}/csv`, archives: `${root}/data/archives` });
  const yaml = `  - { name: rows, type: http, url: "http://127.0.0.1:9", id: id, occurred_at: at }\n`;
  const worker = new FanOutWorker(root, yaml, { store, journal, parts });
  for (let number = 0; number < count; number++) {
    const run = { source: 'rows', workflowId: 'scrape-rows', firstRunId: 'run' };
    const record = { sourceId: `${number}`, payload: '{}', occurredAt: 0n, repaired: false, timeFromRecord: true };
    const [batch] = await spoolRecords(store, run, number, [record], new Date());
    if (batch) await markDeferred(store, 'csv', { batch, reason: 'the disk was full', since: '2026-11-10T00:00:00Z' });
  }
  return {
    store,
    deliver: (of: BlobStore) => {
      const csv = createCsvWriter(parts, journalPaths);
      const dependencies = { ...worker.dependencies, csv, sinkProbeMs: 1_000, store: of };
      return worker.run(createDeliverBatches(dependencies), { source: 'rows', sink: 'csv' });
    },
    receipts: async () => {
      const paths = await store.list('deliveries');
      return Promise.all(paths.map(async (path) => JSON.parse(String(await store.get(path))) as DeliveryReceipt));
    },
    close: () => worker.close(),
  };
}

test('each delivered batch is counted by one receipt, wherever its process is killed', async () => {
  const count = 4;
  let kills = 0;
  for (let changes = 0; ; changes++) {
    const root = `${folder.path}/${changes}`;
    const { store, deliver, receipts, close } = await deferred(root, count);
    const killed = killedAfter(store, changes);
    await deliver(killed.store).catch(() => kills++);
    await deliver(store);
    const all = await receipts();
    const hashes = all.flatMap((receipt) => receipt.hashes ?? []);
    expect([...new Set(hashes)], `killed after ${changes} changes`).toHaveLength(count);
    expect(hashes).toHaveLength(count);
    expect(all.reduce((sum, { counts }) => sum + counts.written, 0)).toBe(count);
    expect(await listDeferred(store, 'csv', 'rows')).toEqual([]);
    expect(csvRowsBelow(`${root}/csv`)).toHaveLength(count);
    await close();
    if (killed.isAlive()) break;
  }
  expect(kills).toBeGreaterThan(count);
});

test('twenty batches at most have a receipt together', async () => {
  const { store, deliver, receipts, close } = await deferred(`${folder.path}/many`, 21);
  await deliver(store);
  expect((await receipts()).map(({ batches }) => batches)).toEqual([20, 1]);
  await close();
});
