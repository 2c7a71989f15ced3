import type { CsvRecord } from '../../formats/csv.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import type { journalPaths } from '../paths/paths.ts';
import type { JournalFolders } from './journal-files.ts';

/** What a part's name says about it. */
export type PartName = NonNullable<ReturnType<typeof journalPaths.part.parse>>;

export interface RepairTools {
  readonly folders: JournalFolders;
  readonly store: BlobStore;
  /** The rows of raw_events of a source that were stored since a time. */
  readonly rowsSince: (source: string, since: Date) => AsyncIterable<readonly CsvRecord[]>;
  readonly signal: AbortSignal;
}
