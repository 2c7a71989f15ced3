import type { Readable } from 'node:stream';
import type { FilePlan } from '../../../domain/plan/source-plan.ts';

/** What a place reports about a file without opening it. */
export interface FileStamp {
  readonly size: number;
  /** See `FileProgress`. */
  readonly changedMs?: number;
  /** Number of the file, or version of the object. */
  readonly inode: string;
}

/** Where files are. */
export interface FilePlace {
  /** @throws SourceRefused if it is no file, and what the place throws, see `fileError` */
  stamp(subject: string, path: string): Promise<FileStamp>;
  /** So many bytes from a position on, fewer at the end. */
  read(path: string, start: number, length: number): Promise<Buffer>;
  /** The bytes from a position on. @param end the position behind the last one; infinity = all */
  stream(path: string, start: number, end: number): Readable;
  /** The files that a pattern matches. */
  list(plan: FilePlan, resolvePath: (path: string) => string): Promise<FileList>;
  /** Whether files may be seen while they are written. An object is there whole, or not at all. */
  readonly isWritten: boolean;
}

/** The files that a pattern matches. */
export interface FileList {
  /** Relative to the configuration as the pattern is, `/` between their parts, in the order of code units. */
  readonly paths: readonly string[];
  /** Folders that could not be read, and links that may not be followed: their files are missing here. */
  readonly errors: readonly unknown[];
  /** Links that lead nowhere, as `paths`. */
  readonly dangling: readonly string[];
  /** What the listing says of each file; absent = each is to be asked for. */
  readonly stamps?: ReadonlyMap<string, FileStamp>;
}

/** A file, and where it is. */
export interface Located {
  readonly path: string;
  /** @default files of this machine */
  readonly at?: FilePlace | undefined;
}
