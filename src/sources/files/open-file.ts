import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { pipeline, Readable, Transform } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { sha256 } from '../../formats/sha256.ts';
import { SourceRefused } from '../../domain/errors.ts';
import type { BlockDigests } from './block-digests.ts';
import { fileError } from './file-error.ts';

/** How much of a file's beginning tells whether it is still the same file. */
const headLimit = 4096;
const chunkBytes = 1024 * 1024;

/** What a file system reports about a file without opening it. */
export interface FileStamp {
  readonly size: number;
  /** See `FileProgress`. */
  readonly changedMs?: number;
  readonly inode: string;
}

/** A file's stamp with its first bytes, at most 4 KiB. */
export interface FileLook extends FileStamp {
  readonly head: Buffer;
}

/**
 * Asks the file system for a file.
 * @throws SourceRefused if there is none, SourceUnavailable where it cannot be asked
 */
export async function stampOf(subject: string, path: string): Promise<FileStamp> {
  try {
    const found = await stat(path);
    if (!found.isFile()) throw new SourceRefused(`file: ${subject}: ${path} is not a file, expected one`);
    const isSure = Date.now() - found.ctimeMs > tickMs(found.ctimeMs);
    return { size: found.size, inode: String(found.ino), ...(isSure ? { changedMs: found.ctimeMs } : {}) };
  } catch (error) {
    throw fileError(subject, path, error);
  }
}

/** How long two changes may have the same time: file systems without fractions count in steps of 1 or 2 s. */
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
  return sha256(head.subarray(0, bytes)).slice(0, 32);
}

/**
 * The decoded content of a file from an offset to where the file ended when it was looked at. Of a compressed file,
 * everything before the offset is decoded and dropped.
 * @param size bytes of the file to read; infinity = to the end it has by then
 * @param digests receives the stored bytes of the file from its own position, which is at or before the offset
 */
export function openContent(
  path: string,
  compressed: boolean,
  offset: number,
  size: number,
  digests: BlockDigests | null = null,
): Readable {
  const start = digests?.bytes ?? (compressed ? 0 : offset);
  if (size === 0 || start >= size) return Readable.from([]);
  const content = createReadStream(path, { start, end: size - 1, highWaterMark: chunkBytes });
  const added = digests === null ? [] : [passing((chunk) => (digests.add(chunk), chunk))];
  const unpacked = compressed ? [createGunzip({ chunkSize: chunkBytes })] : [];
  const behind = compressed ? offset : offset - start;
  const skipped = behind === 0 ? [] : [passing(dropper(behind))];
  const steps: Transform[] = [...added, ...unpacked, ...skipped];
  // Errors reach the reader through the last stream, which the pipeline destroys with them.
  return steps.length === 0 ? content : (pipeline([content, ...steps], () => {}) as Transform);
}

/** Hands each chunk on as it is given back. */
function passing(change: (chunk: Buffer) => Buffer): Transform {
  const highWaterMark = chunkBytes;
  return new Transform({
    highWaterMark,
    transform(chunk: Buffer, _encoding, done) {
      done(null, change(chunk));
    },
  });
}

/** Drops the first bytes. */
function dropper(bytes: number): (chunk: Buffer) => Buffer {
  let left = bytes;
  return (chunk) => {
    const dropped = Math.min(left, chunk.length);
    left -= dropped;
    return chunk.subarray(dropped);
  };
}

/** The first bytes of a file's decoded content. */
export async function beginningOf(path: string, compressed: boolean, size: number, bytes: number): Promise<Buffer> {
  const content = openContent(path, compressed, 0, compressed ? size : Math.min(size, bytes));
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of content as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= bytes) break;
  }
  return Buffer.concat(chunks).subarray(0, bytes);
}
