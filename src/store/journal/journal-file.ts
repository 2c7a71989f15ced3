import type { Readable } from 'node:stream';
import type { PartCheck } from '../../formats/csv/csv-part.ts';
import type { Day } from '../../domain/time/day.ts';
import type { SealManifest } from './manifest.ts';

/** A file that holds records. What reads it gets the system's ENOENT where it is gone: it was sealed or deleted. */
export interface JournalFile {
  readonly kind: 'part' | 'sealed' | 'archive';
  /** Where it is, for people. */
  readonly path: string;
  /** Where it is in its store or folder. */
  readonly name: string;
  /** When its records were ingested: the time of a part, the day of a sealed one; null for archives. */
  readonly ingestedAt: string | null;
  /** What a part holds by its name; null if it does not say. */
  readonly check: PartCheck | null;
  /** Reads the manifest that says what it holds; that reads null if there is none. Null for parts. */
  readonly manifest: (() => Promise<SealManifest | null>) | null;
  /** Its bytes as they are stored. Failures are errors of the stream. */
  readonly stream: () => Readable;
  /** The same at once; null if there are more than so many. */
  readonly read: (maxBytes: number) => Promise<Buffer | null>;
  /** Begins to read it where that takes a while: it is about to be read at once. Absent where it does not. */
  readonly prefetch?: () => void;
  /** How many they are, or were when it was listed; 0 if it is gone. */
  readonly size: () => Promise<number>;
}

/** What was ingested of a source on a day: its sealed file, and parts that are not sealed yet. */
export interface JournalDay {
  readonly source: string;
  readonly day: Day;
  readonly sealed: JournalFile | null;
  /** In order of ingestion. */
  readonly parts: readonly JournalFile[];
  /** Whether there are files that nothing needs any more, which the next sealing deletes. */
  readonly hasRemains: boolean;
}

/** An archive, with the day of its records. */
export interface ArchiveFile extends JournalFile {
  readonly day: Day;
}

/** What was ingested of a source on a day. */
export interface SourceDay {
  readonly source: string;
  readonly day: Day;
}

/** Files that are asked for before they are read. */
const filesAhead = 16;

/** Files in order, the next ones of which are being read meanwhile where that takes a while. */
export function* withPrefetch(files: readonly JournalFile[]): Generator<JournalFile> {
  let asked = 0;
  for (const [index, file] of files.entries()) {
    for (; asked <= Math.min(index + filesAhead, files.length - 1); asked++) files[asked]?.prefetch?.();
    yield file;
  }
}
