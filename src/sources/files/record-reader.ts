import type { FilePlace } from '../../domain/fetch.ts';
import type { FilePlan } from '../../domain/source.ts';
import type { PageItem } from '../page.ts';

/** Records and bytes that are read at a time. */
export const stretchRecords = 1_000;
export const stretchBytes = 2 * 1024 * 1024;

export interface FileToRead {
  readonly plan: FilePlan;
  /** Absolute path. */
  readonly path: string;
  /** Names the run, for the reader that stays open between its fetches. */
  readonly run: string;
}

/** What can stay open between two fetches. */
export interface OpenReader {
  /** Where it stands: what comes next begins there. */
  readonly offset: number;
  /** Passes over everything before an offset. */
  skipTo(offset: number): Promise<void>;
  close(): Promise<void>;
}

/** Reads the records of a file, some at a time. */
export interface RecordReader extends OpenReader {
  /** The next records. */
  read(place: FilePlace): Promise<Stretch>;
}

/** What was read of a file at a time. */
export interface Stretch {
  readonly items: readonly PageItem[];
  readonly readTo: FilePlace;
  readonly ended: boolean;
  /** Whether the file ends with an unfinished record that the next run is to look at again. */
  readonly waits: boolean;
  /** The end of a file that was read before, without any further record. */
  readonly nothingNew: boolean;
}
