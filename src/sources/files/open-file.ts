import { pipeline, Readable, Transform } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { sha256 } from '../../formats/sha256.ts';
import type { BlockDigests } from './block-digests.ts';
import { fileError } from './file-error.ts';
import type { FilePlace, FileStamp, Located } from './places/file-place.ts';
import { localPlace } from './places/local-place.ts';

/** How much of a file's beginning tells whether it is still the same file. */
const headLimit = 4096;
const chunkBytes = 1024 * 1024;

/** A file's stamp with its first bytes, at most 4 KiB. */
export interface FileLook extends FileStamp {
  readonly head: Buffer;
}

/**
 * Asks for a file without opening it.
 * @throws SourceRefused if there is none, SourceUnavailable where it cannot be asked
 */
export async function stampOf(subject: string, path: string, at: FilePlace = localPlace): Promise<FileStamp> {
  try {
    return await at.stamp(subject, path);
  } catch (error) {
    throw fileError(subject, path, error);
  }
}

/** Reads the beginning of a file. Throws as {@link stampOf}. */
export async function lookAt(
  subject: string,
  path: string,
  stamp: FileStamp,
  at: FilePlace = localPlace,
): Promise<FileLook> {
  try {
    return { ...stamp, head: await at.read(path, 0, Math.min(headLimit, stamp.size)) };
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
  { path, at = localPlace }: Located,
  compressed: boolean,
  offset: number,
  size: number,
  digests: BlockDigests | null = null,
): Readable {
  const start = digests?.bytes ?? (compressed ? 0 : offset);
  if (size === 0 || start >= size) return Readable.from([]);
  const content = at.stream(path, start, size);
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
export async function beginningOf(file: Located, compressed: boolean, size: number, bytes: number): Promise<Buffer> {
  const content = openContent(file, compressed, 0, compressed ? size : Math.min(size, bytes));
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of content as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= bytes) break;
  }
  return Buffer.concat(chunks).subarray(0, bytes);
}
