import type { Day } from '../time/day.ts';

/** The columns of an archive, in order. */
export const archiveColumns = [
  'id',
  'source',
  'source_id',
  'occurred_at',
  'payload',
  'created_at',
  'processed',
] as const;

/** What a retired day held when it was archived. Ids and times are null if it held no row. */
export interface ArchivedRows {
  readonly day: Day;
  readonly rows: number;
  readonly columns: readonly string[];
  readonly serverVersion: string;
  /** PostgreSQL's `bigint` as text. */
  readonly minId: string | null;
  readonly maxId: string | null;
  /** Canonical times: UTC, six digits. */
  readonly minOccurredAt: string | null;
  readonly maxOccurredAt: string | null;
}

/** The manifest beside an archive. */
export interface ArchiveManifest extends ArchivedRows {
  /** Of the CSV before it is compressed, in hexadecimal. */
  readonly sha256: string;
}

/** What a CSV holds, found by reading it. */
export interface CsvDigest {
  /** Rows without the header. */
  readonly rows: number;
  /** In hexadecimal. */
  readonly sha256: string;
}

/** An archive that is there. */
export interface StoredArchive {
  /** Where its CSV is; names it in messages. */
  readonly path: string;
  /** Where its manifest is, or should be. */
  readonly manifestPath: string;
  /** Null if it was left without one by a kill, or by hand. */
  readonly manifest: ArchiveManifest | null;
}

/** The archives of retired days. None of them is ever overwritten. */
export interface Archives {
  /** Those of a day, the oldest first. */
  list(day: Day): Promise<StoredArchive[]>;
  /** Where the first archive of a day is, or would be. */
  pathOf(day: Day): string;
  /** The days that have one, in order. */
  days(): Promise<Day[]>;
  /**
   * Writes an archive under a name that is free.
   * @param csv its bytes before compression
   */
  write(day: Day, csv: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<{ path: string; digest: CsvDigest }>;
  /** Writes the manifest of an archive that has none. */
  describe(path: string, manifest: ArchiveManifest): Promise<void>;
  /** The CSV of an archive, decompressed. @throws if it is gone, or cannot be decompressed (while it is read) */
  read(path: string): Promise<AsyncIterable<Uint8Array>>;
}
