import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { pipeline, Readable, Transform } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { SourceRefused } from '../../domain/errors.ts';
import { fileError } from './file-error.ts';

/** How much of a file's beginning tells whether it is still the same file. */
const headLimit = 4096;
const chunkBytes = 1024 * 1024;

/** What a file system says of a file without opening it. */
export interface FileStamp {
  readonly size: number;
  /** See `FileProgress`. */
  readonly changedMs?: number;
}

/** A file's stamp with its first bytes, at most 4 KiB. */
export interface FileLook extends FileStamp {
  readonly head: Buffer;
}

/**
 * Asks the file system for a file.
 * @throws SourceRefused where there is none, SourceUnavailable where it cannot be asked
 */
export async function stampOf(subject: string, path: string): Promise<FileStamp> {
  try {
    const found = await stat(path);
    if (!found.isFile()) throw new SourceRefused(`file: ${subject}: ${path} is not a file, expected one`);
    const isSure = Date.now() - found.ctimeMs > tickMs(found.ctimeMs);
    return { size: found.size, ...(isSure ? { changedMs: found.ctimeMs } : {}) };
  } catch (error) {
    throw fileError(subject, path, error);
  }
}

/** How long two changes may bear the same time: file systems that know no fractions count in steps of 1 or 2 s. */
function tickMs(time: number): number {
  return time % 1000 === 0 ? 2_000 : 50;
}

/** Reads the beginning of a file. Throws as {@link stampOf}. */
export async function lookAt(subject: string, path: string, stamp: FileStamp): Promise<FileLook> {
  try {
    const length = Math.min(headLimit, stamp.size);
    const handle = await open(path, 'r');
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, 0);
      return { ...stamp, head: buffer.subarray(0, bytesRead) };
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw fileError(subject, path, error);
  }
}

/** Stands for the first `bytes` bytes of a file. */
export function headHash(head: Buffer, bytes: number): string {
  return createHash('sha256').update(head.subarray(0, bytes)).digest('hex').slice(0, 32);
}

/**
 * The decoded content of a file from an offset to where the file ended when it was looked at. Of a compressed file,
 * everything before the offset is decoded and dropped.
 * @param size bytes of the file to read; infinity = to the end it has by then
 */
export function openContent(path: string, compressed: boolean, offset: number, size: number): Readable {
  if (size === 0 || (!compressed && offset >= size)) return Readable.from([]);
  if (!compressed) return createReadStream(path, { start: offset, end: size - 1, highWaterMark: chunkBytes });
  const content = createReadStream(path, { start: 0, end: size - 1, highWaterMark: chunkBytes });
  // Errors reach the reader through the last stream, which the pipeline destroys with them.
  return pipeline([content, createGunzip({ chunkSize: chunkBytes }), skip(offset)], () => {}) as Transform;
}

function skip(bytes: number): Transform {
  let left = bytes;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const dropped = Math.min(left, chunk.length);
      left -= dropped;
      done(null, chunk.subarray(dropped));
    },
  });
}
