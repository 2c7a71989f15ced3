import type { Readable } from 'node:stream';
import type { GetObjectCommandOutput } from '@aws-sdk/client-s3';
import { SinkUnavailable } from '../../domain/errors.ts';
import type { S3 } from './s3-client.ts';
import { isAbsent, nameOf } from './s3-failure.ts';

/** How often a body that breaks off is read again, without a byte of progress. The SDK repeats requests only. */
const bodyTries = 4;

/** An object's bytes; null if there is none. A body that breaks off is read again from its beginning. */
export async function readObject(s3: S3, path: string): Promise<Buffer | null> {
  for (let tries = 1; ; tries++) {
    const answer = await request(s3, path);
    if (answer === null) return null;
    try {
      const chunks: Buffer[] = [];
      for await (const chunk of bodyOf(answer)) chunks.push(chunk);
      return complete(Buffer.concat(chunks), answer);
    } catch (error) {
      if (tries === bodyTries) throw error;
    }
  }
}

/** A part of an object. */
interface ByteRange {
  readonly start: number;
  /** Behind its last byte; null = the end of the object. */
  readonly end: number | null;
}

const whole: ByteRange = { start: 0, end: null };

/** The header for a range; none for all of an object: an empty one has no range. */
function rangeOf({ start, end }: ByteRange): { readonly Range?: string } {
  return start === 0 && end === null ? {} : { Range: `bytes=${start}-${end === null ? '' : end - 1}` };
}

/**
 * An object's bytes as they arrive; null if there is none. Where they break off they continue with the same version of the object.
 * @param onFailure makes the error of a stream that cannot be continued
 */
export async function streamObject(
  s3: S3,
  path: string,
  onFailure: (error: unknown) => Error,
  range: ByteRange = whole,
): Promise<AsyncIterable<Buffer> | null> {
  const first = await request(s3, path, rangeOf(range));
  if (first === null) return null;
  // It may break off before anyone reads it.
  bodyOf(first).on('error', () => undefined);
  return continued(s3, path, first, onFailure, range);
}

async function* continued(
  s3: S3,
  path: string,
  first: GetObjectCommandOutput,
  onFailure: (error: unknown) => Error,
  range: ByteRange,
): AsyncGenerator<Buffer, undefined> {
  const { ContentLength: total = null, ETag: etag } = first;
  let [answer, offset] = [first, 0];
  for (let tries = 1; ; tries++) {
    const body = bodyOf(answer);
    let why: { readonly error: unknown } | null = null;
    try {
      for await (const chunk of body) {
        [offset, tries] = [offset + chunk.length, 1];
        yield chunk;
      }
    } catch (error) {
      why = { error };
    } finally {
      body.destroy();
    }
    const isWhole = total === null ? why === null : offset >= total;
    if (isWhole && why === null) return;
    // All bytes are there, but not those of the checksum.
    if (isWhole || tries === bodyTries) throw onFailure(why?.error ?? tooShort(offset, total));
    answer = await rest(s3, path, { ...range, start: range.start + offset }, etag, onFailure);
  }
}

/** The bytes of the same version from a place on. */
async function rest(
  s3: S3,
  path: string,
  range: ByteRange,
  etag: string | undefined,
  onFailure: (error: unknown) => Error,
): Promise<GetObjectCommandOutput> {
  try {
    const more = { ...rangeOf(range), ...(etag === undefined ? {} : { IfMatch: etag }) };
    const answer = await request(s3, path, more);
    if (answer !== null) return answer;
    throw new Error('it was deleted while it was read');
  } catch (error) {
    throw onFailure(nameOf(error) === 'PreconditionFailed' ? new Error('it was replaced while it was read') : error);
  }
}

async function request(
  s3: S3,
  path: string,
  more: { readonly Range?: string; readonly IfMatch?: string } = {},
): Promise<GetObjectCommandOutput | null> {
  try {
    return await s3.client.send(new s3.sdk.GetObjectCommand({ ...s3.at(path), ...more }));
  } catch (error) {
    if (isAbsent(error)) return null;
    throw error;
  }
}

function bodyOf({ Body }: GetObjectCommandOutput): Readable & AsyncIterable<Buffer> {
  if (Body === undefined) throw new SinkUnavailable('store: an object was answered without a body');
  return Body as Readable & AsyncIterable<Buffer>;
}

function complete(content: Buffer, { ContentLength: total }: GetObjectCommandOutput): Buffer {
  if (total === undefined || content.length === total) return content;
  throw tooShort(content.length, total);
}

function tooShort(found: number, total: number | null): Error {
  return new Error(`its body ended after ${found} of ${total} bytes`);
}
