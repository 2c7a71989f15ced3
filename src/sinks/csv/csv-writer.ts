import type { BatchRef } from '../../domain/batch.ts';
import { noCounts } from '../../domain/receipt.ts';
import type { SpooledRecord } from '../../domain/record.ts';
import type { BlobStore } from '../../store/blob-store.ts';
import type { StorageWriter } from '../storage-writer.ts';
import { csvText } from '../../domain/csv-text.ts';

/** Writes each batch as one part of the CSV journal: a file of `folder` that is there whole or not at all. */
export function createCsvWriter(folder: Pick<BlobStore, 'put' | 'delete'>): StorageWriter {
  return {
    sink: 'csv',
    async probe() {
      await folder.put(probePath, '');
      await folder.delete(probePath);
    },
    async write(batch, records) {
      const distinct = withoutRepeats(records);
      // A repeated write makes the same bytes again, so it does not matter whether the part is there.
      await folder.put(partPath(batch), csvText(batch.source, distinct));
      const duplicate = records.length - distinct.length;
      return { counts: { ...noCounts, written: distinct.length, duplicate }, refused: [] };
    },
  };
}

/** No source is named like this. */
const probePath = '.probe';

/** `<source>/<ingestion day>/<ingested at>-<hash>.csv` */
export function partPath(batch: BatchRef): string {
  const time = batch.ingestedAt.replaceAll(/[-:.]/g, '');
  return `${batch.source}/${batch.ingestedAt.slice(0, 10)}/${time}-${batch.hash.slice(0, 16)}.csv`;
}

/** The first record of each id, in order. */
function withoutRepeats(records: readonly SpooledRecord[]): SpooledRecord[] {
  const seen = new Set<string>();
  return records.filter(({ sourceId }) => !seen.has(sourceId) && seen.add(sourceId));
}
