import type { Day } from '../../domain/time/day.ts';

/** Records of a source in the journal, by day of ingestion. */
export interface DayRecords {
  readonly source: string;
  readonly day: Day;
  readonly records: number;
}

/** The same in both stores. */
export interface ComparedRecords extends DayRecords {
  /** In the target, when it was looked at. */
  readonly present: number;
}

/** How a look at two stores goes about what it finds. */
export interface Look {
  /** Whether the content of what both have is compared; else names are. */
  readonly content: boolean;
  /** Whether the target is made equal. */
  readonly fix: boolean;
  readonly signal: AbortSignal;
  readonly onProgress: (files: number) => void;
}

/** Maximum number of files that are named. */
const maxNamed = 20;

/** What a look at two stores has found. */
export class CopyTally {
  readonly look: Look;
  /** Files of the store that is copied. */
  files = 0;
  /** Written to the target, or deleted in it; those that would be, if nothing is fixed. */
  written = 0;
  deleted = 0;
  bytes = 0;
  /** Days of the store that is copied. */
  readonly days: ComparedRecords[] = [];
  /** What differed, or had to be changed. */
  readonly changes: string[] = [];
  /** What cannot be copied, and why. */
  readonly problems: string[] = [];
  /** Files beside those of Daybook. */
  readonly leftOut: string[] = [];
  leftOutCount = 0;

  constructor(look: Look) {
    this.look = look;
  }

  get differences(): number {
    return this.written + this.deleted;
  }

  file(): void {
    this.files++;
    this.look.onProgress(this.files);
  }

  wrote(path: string, bytes: number): void {
    this.written++;
    this.bytes += bytes;
    this.#name(path);
  }

  removed(path: string): void {
    this.deleted++;
    this.#name(path);
  }

  leaveOut(path: string): void {
    this.leftOutCount++;
    if (this.leftOut.length < maxNamed) this.leftOut.push(path);
  }

  #name(path: string): void {
    if (this.changes.length < maxNamed) this.changes.push(path);
  }
}
