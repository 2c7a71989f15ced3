import { OverLimit } from '../../domain/errors.ts';

/** A body that is unpacked to more than this many times its size is a bomb: text is compressed 5 to 50 times. */
const maxRatio = 500;
/** Up to this size it is unpacked, whatever the ratio. */
const freeBytes = 16 * 1024 * 1024;

export interface PackedLimits {
  readonly subject: string;
  /** Largest size unpacked, in bytes. */
  readonly maxBytes: number;
}

/** Hands on what is unpacked until it is too large. @param packedBytes the size before, as known so far */
export async function* limitUnpacked(
  chunks: AsyncIterable<Buffer>,
  { subject, maxBytes }: PackedLimits,
  packedBytes: () => number,
): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > maxBytes) {
      throw new OverLimit(
        `fetch: ${subject} sent a compressed body of more than ${maxBytes} bytes unpacked; raise max_body if needed`,
      );
    }
    if (bytes > freeBytes && bytes > maxRatio * packedBytes()) {
      throw new OverLimit(
        `fetch: ${subject} sent a compressed body that unpacks to more than ${maxRatio} times its size, expected data`,
      );
    }
    yield chunk;
  }
}
