/** How far each file of a glob has been read, by its path relative to the configuration. */
export type FilesProgress = ReadonlyMap<string, FileProgress>;

/** How far a file has been read. */
export interface FileProgress {
  /** Bytes read, of the decoded content. */
  readonly offset: number;
  /** Lines read. */
  readonly lines: number;
  /** Size of the file when it was read. */
  readonly size: number;
  /** sha256 of the first `headBytes` bytes of the file, at most 4 KiB. */
  readonly headBytes: number;
  readonly headHash: string;
  /** Whether the run reached the end that the file had then. */
  readonly complete: boolean;
  /** Whether it left an unfinished last line to the next run. */
  readonly waitsForNewline: boolean;
  /**
   * When the file was changed last, in milliseconds. Absent if that was so shortly before it was read that a later change may have
   * the same time.
   */
  readonly changedMs?: number;
  /** sha256 of all that the file holds, where it is read whole. */
  readonly contentHash?: string;
  /** Number of the file in its file system; absent in states of 0.2.0. */
  readonly inode?: string;
  /** When all blocks were last compared with their digests, in milliseconds. */
  readonly checkedMs?: number;
  /** How far the rotation through the blocks between the first and the last two has advanced. */
  readonly nextBlock?: number;
  /** The block that a comparison of all blocks continues with; absent if none is unfinished. */
  readonly wholeFrom?: number;
  /** The last row, where it was taken without a newline. */
  readonly openRow?: OpenRow;
  /** Digests of what was read; in blobs only, never in the state itself. */
  readonly blocks?: FileBlocks;
  /** The run that could not read it to its end, and how often it tried. */
  readonly failed?: { readonly run: string; readonly tries: number };
}

/** A last row that was taken without a newline. If its text continues later, it was a fragment, and is read again. */
export interface OpenRow {
  /** Where it begins, in the decoded content. */
  readonly offset: number;
  /** Lines before it. */
  readonly lines: number;
  /** Where its text ended. */
  readonly textEnd: number;
}

/** Digests of the blocks of a file, of 1 MiB each, of its bytes as they are stored. */
export interface FileBlocks {
  /** How much of the file they stand for; the last block may be shorter. */
  readonly bytes: number;
  /** One after the other, 16 characters each. */
  readonly digests: string;
}
