import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { pipeline, Readable, Transform } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { messageOf, SourceRefused, SourceUnavailable } from '../../domain/errors.ts';

/** How much of a file's beginning tells whether it is still the same file. */
const headLimit = 4096;
const chunkBytes = 1024 * 1024;

/** What identifies a file's content without reading it all. */
export interface FileFacts {
  readonly size: number;
  readonly headBytes: number;
  readonly headHash: string;
}

/**
 * Looks at a file.
 * @param headBytes how much of the beginning to hash; by default up to 4 KiB
 * @throws SourceRefused where there is none, SourceUnavailable where it cannot be read
 */
export async function inspectFile(subject: string, path: string, headBytes = headLimit): Promise<FileFacts> {
  try {
    const found = await stat(path);
    if (!found.isFile()) throw new SourceRefused(`file: ${subject}: ${path} is not a file, expected one`);
    const length = Math.min(headBytes, found.size);
    const handle = await open(path, 'r');
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, 0);
      const headHash = createHash('sha256').update(buffer.subarray(0, bytesRead)).digest('hex').slice(0, 32);
      return { size: found.size, headBytes: bytesRead, headHash };
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw fileError(subject, path, error);
  }
}

/**
 * The decoded content of a file from an offset to where the file ended when it was inspected. Of a compressed file,
 * everything before the offset is decoded and dropped.
 */
export function openContent(path: string, compression: 'none' | 'gzip', offset: number, size: number): Readable {
  if (size === 0 || (compression === 'none' && offset >= size)) return Readable.from([]);
  if (compression === 'none') {
    return createReadStream(path, { start: offset, end: size - 1, highWaterMark: chunkBytes });
  }
  const compressed = createReadStream(path, { start: 0, end: size - 1, highWaterMark: chunkBytes });
  // Errors reach the reader through the last stream, which the pipeline destroys with them.
  return pipeline([compressed, createGunzip({ chunkSize: chunkBytes }), skip(offset)], () => {}) as Transform;
}

/** Turns what the file system or the decoder threw into a failure that names the file. */
export function fileError(subject: string, path: string, error: unknown): unknown {
  if (error instanceof SourceRefused) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new SourceRefused(`file: ${subject}: ${path} does not exist, expected a file there`);
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return new SourceRefused(`file: ${subject}: ${path} may not be read by this user, expected read permission`);
  }
  if (code.startsWith('Z_')) {
    return new SourceUnavailable(`file: ${subject}: ${path} is damaged or cut short as gzip (${messageOf(error)})`, {
      cause: error,
    });
  }
  return new SourceUnavailable(`file: ${subject}: ${path} could not be read: ${messageOf(error)}`, { cause: error });
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
