import type { FilePlace } from '../../domain/fetch.ts';
import type { FileFormat } from '../../domain/source.ts';
import type { FileProgress } from '../../domain/state.ts';
import { headHash, type FileLook, type FileStamp } from './open-file.ts';

/** Whether a file may hold something that was not read. False where the file system says that nothing has changed. */
export function mayHaveNews(known: FileProgress | undefined, stamp: FileStamp): boolean {
  if (known === undefined || !known.complete || known.waitsForNewline) return true;
  return known.size !== stamp.size || known.changedMs === undefined || known.changedMs !== stamp.changedMs;
}

/**
 * Where to begin to read a file: where the last run ended, or at the start where the file shrank or begins otherwise.
 * Null where there is nothing new. A JSON document may have changed anywhere: it begins where the last run ended, and its
 * reader goes back to the start where its content is another.
 */
export function startIn(
  path: string,
  known: FileProgress | undefined,
  look: FileLook,
  format: FileFormat,
): FilePlace | null {
  const sameFile =
    known !== undefined && look.size >= known.size && headHash(look.head, known.headBytes) === known.headHash;
  const unchanged = sameFile && known.complete && look.size === known.size;
  const isWhole = format === 'json';
  if (unchanged && !known.waitsForNewline && (!isWhole || !mayHaveNews(known, look))) return null;
  const { offset, lines } = sameFile || (isWhole && known) ? known : { offset: 0, lines: 0 };
  return {
    ...{ type: 'file', path, files: null, offset, lines, size: look.size },
    ...{ headBytes: look.head.length, headHash: headHash(look.head, look.head.length) },
    ...(look.changedMs === undefined ? {} : { changedMs: look.changedMs }),
    ...(isWhole && known?.contentHash !== undefined ? { contentHash: known.contentHash } : {}),
    stoodStill: unchanged,
  };
}

/** How far a file has been read at a place. */
export function progressAt(place: FilePlace, complete: boolean, waitsForNewline: boolean): FileProgress {
  const { type: _type, path: _path, files: _files, stoodStill: _stoodStill, ...read } = place;
  return { ...read, complete, waitsForNewline };
}
