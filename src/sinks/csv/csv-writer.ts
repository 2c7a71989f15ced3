import { csvPart, withoutRepeats } from '../../formats/csv/csv-part.ts';
import { noCounts } from '../../domain/run/receipt.ts';
import type { BlobStore } from '../../store/blobs/blob-store.ts';
import type { JournalPartPaths } from '../../store/paths/paths.ts';
import type { StorageWriter } from '../storage-writer.ts';

/**
 * Writes each batch as one part of the CSV journal: a file of `folder` that is there whole or not at all, and whose name says
 * what it must hold.
 * @param paths where parts lie
 */
export function createCsvWriter(folder: Pick<BlobStore, 'put' | 'delete'>, paths: JournalPartPaths): StorageWriter {
  const probePath = paths.probe.build({});
  return {
    sink: 'csv',
    async probe() {
      await folder.put(probePath, '');
      await folder.delete(probePath);
    },
    async write(batch, records) {
      const distinct = withoutRepeats(records);
      const { source, ingestedAt, hash } = batch;
      const { content, check } = csvPart(source, distinct);
      const part = { source, day: ingestedAt.slice(0, 10), ingestedAt, hash: hash.slice(0, 16), check };
      // A repeated write makes the same bytes under the same name, so it does not matter whether the part is there.
      await folder.put(paths.part.build(part), content);
      const duplicate = records.length - distinct.length;
      return { counts: { ...noCounts, written: distinct.length, duplicate }, refused: [] };
    },
  };
}
