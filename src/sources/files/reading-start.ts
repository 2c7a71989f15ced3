import type { FilePosition } from '../../domain/state/fetch-position.ts';
import type { FileFormat } from '../../domain/plan/source-plan.ts';
import type { FileProgress } from '../../domain/state/file-progress.ts';
import { compareBlocks } from './compare-blocks.ts';
import { headHash, type FileLook } from './open-file.ts';
import type { FilePlace, FileStamp } from './places/file-place.ts';

/** A file that may be started. */
export interface KnownFile {
  /** Relative to the configuration, and absolute. */
  readonly path: string;
  readonly absolutePath: string;
  /** @default files of this machine */
  readonly at?: FilePlace | undefined;
  readonly format: FileFormat;
  /** How far it was read. */
  readonly known: FileProgress | undefined;
}

/** Whether a file may hold something that was not read. False if the file system says that nothing has changed. */
export function mayHaveChanged(known: FileProgress | undefined, stamp: FileStamp): boolean {
  return known === undefined || !known.complete || known.waitsForNewline || !isStamped(known, stamp);
}

/** Whether the file system says that a file is as it was. */
export function isStamped(
  { size, changedMs, inode }: Pick<FileProgress, 'size' | 'changedMs' | 'inode'>,
  stamp: FileStamp,
): boolean {
  const isSameFile = inode === undefined || inode === stamp.inode;
  return isSameFile && size === stamp.size && changedMs !== undefined && changedMs === stamp.changedMs;
}

/**
 * Where to begin to read a file: where the last run ended, or at the start if what was read has changed. Null if there is nothing
 * new. A JSON document may have changed anywhere: it begins where the last run ended, and its reader goes back to the start where
 * its content is another.
 */
export async function startPosition(file: KnownFile, look: FileLook): Promise<FilePosition | null> {
  const { known } = file;
  const begins = beginning(file.path, look);
  if (known === undefined) return { ...begins, checkedMs: Date.now() };
  const mayContinue = look.size >= known.size && headHash(look.head, known.headBytes) === known.headHash;
  if (file.format === 'json') return jsonStart(known, look, begins, mayContinue);
  if (!mayContinue) return { ...begins, checkedMs: Date.now() };
  const stoodStill = known.complete && look.size === known.size;
  const isStill = isStamped(known, look);
  if (stoodStill && isStill && !known.waitsForNewline) return null;
  const { checkedMs, nextBlock, wholeFrom } = known;
  const { same, ...compared } = isStill
    ? { same: true, ...defined({ checkedMs, nextBlock, wholeFrom }) }
    : await compareBlocks({ path: file.absolutePath, at: file.at }, known, look);
  if (!same) return { ...begins, checkedMs: Date.now() };
  const isUnfinished = compared.wholeFrom !== undefined;
  const place = {
    ...(isUnfinished ? stampedAs(known, begins) : begins),
    ...defined(compared),
    ...defined({ openRow: known.openRow }),
    stoodStill,
  };
  if (stoodStill && !known.waitsForNewline) {
    return { ...place, offset: known.offset, lines: known.lines, onlyChecked: true };
  }
  const { offset, lines } = known.openRow ?? known;
  return { ...place, offset, lines };
}

function jsonStart(
  known: FileProgress,
  look: FileLook,
  begins: FilePosition,
  mayContinue: boolean,
): FilePosition | null {
  const stoodStill = mayContinue && known.complete && look.size === known.size;
  if (stoodStill && !mayHaveChanged(known, look)) return null;
  const { offset, lines, contentHash } = known;
  return { ...begins, offset, lines, ...defined({ contentHash }), stoodStill };
}

/** With the stamp of the last run: the next one sees again that the file has another, and compares the rest. */
function stampedAs({ inode, changedMs }: FileProgress, place: FilePosition): FilePosition {
  const { changedMs: _changed, ...rest } = place;
  return { ...rest, ...defined({ inode, changedMs }) };
}

/** The start of a file. */
export function beginning(path: string, { size, head, inode, changedMs }: FileLook): FilePosition {
  return {
    type: 'file',
    path,
    files: null,
    offset: 0,
    lines: 0,
    size,
    stoodStill: false,
    inode,
    headBytes: head.length,
    headHash: headHash(head, head.length),
    ...defined({ changedMs }),
  };
}

/** How far a file has been read at a place. */
export function progressAt(place: FilePosition, complete: boolean, waitsForNewline: boolean): FileProgress {
  const { type: _type, path: _path, files: _files, stoodStill: _stoodStill, onlyChecked: _checked, ...read } = place;
  return { ...read, complete, waitsForNewline };
}

/** Without the fields that have no value. */
function defined<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}
