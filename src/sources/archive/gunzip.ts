import { pipeline, Readable, Transform } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { codeOf, UnreadableBody } from '../../domain/errors.ts';
import { limitUnpacked, type PackedLimits } from './packed-limit.ts';

/** Whether a body is gzip, by its first bytes. */
export function isGzipped(head: Buffer): boolean {
  return head[0] === 0x1f && head[1] === 0x8b && head[2] === 8;
}

/** Unpacks a body. @throws OverLimit, UnreadableBody; what reading it throws */
export async function* gunzipped(chunks: AsyncIterable<Buffer>, limits: PackedLimits): AsyncGenerator<Buffer> {
  let packed = 0;
  const counter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      packed += chunk.length;
      done(null, chunk);
    },
  });
  const source = Readable.from(chunks, { objectMode: false });
  // Errors reach the reader through the last stream, which the pipeline destroys with them.
  const unpacked = pipeline([source, counter, createGunzip()], () => {}) as Transform;
  try {
    yield* limitUnpacked(unpacked, limits, () => packed);
  } catch (error) {
    if (!(codeOf(error) ?? '').startsWith('Z_')) throw error;
    throw new UnreadableBody(`fetch: ${limits.subject} sent a gzip file that is damaged or incomplete`, {
      cause: error,
    });
  }
}
