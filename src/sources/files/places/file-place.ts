import type { Readable } from 'node:stream';
import type { FilePlan } from '../../../domain/plan/source-plan.ts';
import { isObjectUrl, type ObjectFiles } from '../../../domain/storage/object-files.ts';
import { bucketPlace } from './bucket-place.ts';
import type { FileList } from './file-list.ts';
import { localPlace } from './local-place.ts';

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

/** Where a path leads. @param objects how buckets are read; null = not at all */
export function placeOf(path: string, objects: ObjectFiles | null | undefined): FilePlace {
  if (!isObjectUrl(path)) return localPlace;
  if (!objects) throw new TypeError(`${path} is in a bucket, which is not read here`);
  return bucketPlace(objects);
}
