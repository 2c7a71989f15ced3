import type { CsvRecord } from '../../formats/csv/csv.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import type { Journal } from './journal.ts';

export interface RepairTools {
  readonly journal: Journal;
  readonly store: BlobStore;
  /** The rows of raw_events of a source that were stored since a time. */
  readonly rowsSince: (source: string, since: Date) => AsyncIterable<readonly CsvRecord[]>;
  readonly signal: AbortSignal;
}
