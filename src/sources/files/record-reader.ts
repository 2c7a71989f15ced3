import type { FilePosition } from '../../domain/state/fetch-position.ts';
import type { FilePlan } from '../../domain/plan/source-plan.ts';
import type { FileBlocks } from '../../domain/state/file-progress.ts';
import type { Warning } from '../../domain/run/warning.ts';
import type { PageItem } from '../extraction/page.ts';
import type { BlockDigests } from './block-digests.ts';
import type { FilePlace } from './places/file-place.ts';

/** Records and bytes that are read at a time. */
export const stretchRecords = 1_000;
export const stretchBytes = 2 * 1024 * 1024;

export interface FileToRead {
  readonly plan: FilePlan;
  /** Absolute path. */
  readonly path: string;
  /** Where it is. @default files of this machine */
  readonly at?: FilePlace | undefined;
  /** Names the run, for the reader that stays open between its fetches. */
  readonly run: string;
  /** Digests of what was read before. */
  readonly blocks?: FileBlocks | undefined;
  /** How long a file has to be unchanged before its last row is read without a newline. @default 2000 */
  readonly standStillMs?: number | undefined;
}

/** What can stay open between two fetches. */
export interface OpenReader {
  /** Its position: what comes next begins there. */
  readonly offset: number;
  /** Skips everything before an offset. */
  skipTo(offset: number): Promise<void>;
  close(): Promise<void>;
}

/** Reads the records of a file, some at a time. */
export interface RecordReader extends OpenReader {
  /** Of what was read of the file up to now; null if it is read whole. */
  readonly digests: BlockDigests | null;
  /** The next records. */
  read(place: FilePosition): Promise<Stretch>;
}

/** What was read of a file at a time. */
export interface Stretch {
  readonly items: readonly PageItem[];
  readonly readTo: FilePosition;
  readonly ended: boolean;
  /** Whether the file ends with an unfinished record that the next run is to look at again. */
  readonly waits: boolean;
  /** The end of a file that was read before, without any further record. */
  readonly nothingNew: boolean;
  /** The record that waits, where it may be whole although no newline ends it. */
  readonly lastRow?: LastRow | null;
  /** For the receipt. */
  readonly warnings?: readonly Warning[];
}

/** A last row without a newline. */
export interface LastRow {
  readonly item: PageItem;
  /** The place behind it. */
  readonly readTo: FilePosition;
}

/**
 * The place behind a line or row.
 * @param textEnd where its text ends, without carriage returns
 */
export function positionBehind(
  place: FilePosition,
  { end, lines, finished }: { readonly end: number; readonly lines: number; readonly finished: boolean },
  textEnd: number,
): FilePosition {
  // A line that has no newline yet is counted once it has: what follows its text is still that line.
  const behind = { ...place, offset: end, lines: place.lines + lines };
  if (!finished) return { ...behind, openRow: { offset: place.offset, lines: place.lines, textEnd } };
  if (place.openRow === undefined) return behind;
  const { openRow: _openRow, ...rest } = behind;
  return rest;
}
