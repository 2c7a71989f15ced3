import { rmSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { createWriteBatch } from '../../../../src/activities/run/write-batch.ts';
import type { ActivityDependencies } from '../../../../src/activities/support/dependencies.ts';
import { noopMetrics } from '../../../../src/domain/run/metrics.ts';
import { createCsvWriter } from '../../../../src/sinks/csv/csv-writer.ts';
import { createDirectoryStore } from '../../../../src/store/blobs/directory-store.ts';
import { deleteBatch, spoolRecords } from '../../../../src/store/delivery/batches.ts';
import { RecentBatches } from '../../../../src/store/delivery/recent-batches.ts';
import { journalPaths, storePaths } from '../../../../src/store/paths/paths.ts';
import { csvRowsBelow } from '../../../support/csv-rows.ts';
import { journalIn } from '../../store/journal/journal-folder.ts';
import { useTemporaryFolder } from '../../store/temporary-folder.ts';
import { activityEnvironment } from '../environment.ts';

const folder = useTemporaryFolder();
const run = { source: 'news', workflowId: 'scrape-news', firstRunId: 'run' };
const records = ['1', '2'].map((sourceId) => ({
  sourceId,
  payload: `{"n":${sourceId}}`,
  occurredAt: 0n,
  repaired: false,
  timeFromRecord: true,
}));

function setUp(recentBatches: RecentBatches) {
  const journal = journalIn(folder.path);
  const dependencies = {
    recentBatches,
    store: createDirectoryStore(folder.path),
    journal,
    csv: createCsvWriter(createDirectoryStore(journal.name), journalPaths),
    measures: noopMetrics,
    config: { current: () => ({ config: { sources: [] } }), lastGood: () => ({ kept: null }) },
    lookUp: () => undefined,
  } as unknown as ActivityDependencies;
  const { writeCsv } = createWriteBatch(dependencies);
  const { store } = dependencies;
  return {
    store,
    write: async () => {
      const [batch] = await spoolRecords(store, run, 0, records, new Date(), recentBatches);
      return { batch: batch!, store: () => activityEnvironment(dependencies).run(writeCsv, { batch: batch! }) };
    },
    dropParts: () => rmSync(journal.name, { recursive: true }),
    rows: () => csvRowsBelow(journal.name).map((row) => row['source_id']),
  };
}

describe('writing a batch', () => {
  test.each(['deleted', 'damaged'] as const)(
    'stores what was spooled though the blob is %s meanwhile; a repeated write rebuilds it from its part of the journal',
    async (fate) => {
      const { store, write, rows, dropParts } = setUp(new RecentBatches());
      const written = await write();
      const spoil = () =>
        fate === 'deleted' ? deleteBatch(store, written.batch) : store.put(storePaths.batch.build(written.batch), 'x');
      await spoil();
      await expect(written.store()).resolves.toMatchObject({ written: 2 });
      expect(rows()).toEqual(['1', '2']);
      await expect(written.store()).resolves.toMatchObject({ written: 2 });
      expect(rows()).toEqual(['1', '2']);
      await spoil();
      dropParts();
      await expect(written.store()).rejects.toMatchObject({
        type: fate === 'deleted' ? 'BatchGone' : 'BatchDamaged',
      });
    },
  );

  test.each([
    ['deleted', 'BatchGone'],
    ['damaged', 'BatchDamaged'],
  ] as const)('of another worker fails if its blob is %s', async (fate, type) => {
    const { store, write, rows } = setUp(new RecentBatches(0));
    const written = await write();
    if (fate === 'deleted') await deleteBatch(store, written.batch);
    else await store.put(storePaths.batch.build(written.batch), 'x');
    await expect(written.store()).rejects.toMatchObject({ type });
    expect(() => rows()).toThrow('ENOENT');
  });
});
