import { pipeline, Transform, type Duplex, type Readable, type TransformCallback } from 'node:stream';
import { createBrotliDecompress, createGunzip } from 'node:zlib';
import { codeOf, OverLimit, UnreadableBody } from '../../domain/errors.ts';
import { AutoInflate } from './auto-inflate.ts';
import { contentCodings } from './content-codings.ts';

/** Most content codings that are undone one after the other. */
const maxCodings = 4;

export interface BodyLimits {
  readonly subject: string;
  /** Bytes, decoded as well as on the wire. */
  readonly maxBytes: number;
  /** Ends there, without an error. */
  readonly cutOff?: boolean;
}

/**
 * Reads a body whole, undoing its `Content-Encoding`, and stops as soon as it is too large.
 * @throws OverLimit, UnreadableBody; errors of the connection as they are
 */
export async function readBody(body: Readable, encoding: string | undefined, limits: BodyLimits): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of bodyChunks(body, encoding, limits)) chunks.push(chunk);
  return limits.cutOff ? Buffer.concat(chunks).subarray(0, limits.maxBytes) : Buffer.concat(chunks);
}

/** The same piece by piece. */
export async function* bodyChunks(
  body: Readable,
  encoding: string | undefined,
  limits: BodyLimits,
): AsyncGenerator<Buffer> {
  const wire = new Meter(limits);
  let bytes = 0;
  try {
    for await (const chunk of decoded(body, wire, encoding, limits)) {
      bytes += chunk.length;
      if (bytes > limits.maxBytes && !limits.cutOff) throw tooLarge(limits);
      yield chunk;
      if (bytes > limits.maxBytes) return;
    }
  } catch (error) {
    if (!isZlibError(error)) throw error;
    // A 204, a 304 or an empty response may still have the header.
    if (wire.bytes > 0) {
      const message = `fetch: ${limits.subject} sent a ${encoding} body that is damaged or incomplete`;
      throw new UnreadableBody(message, { cause: error });
    }
  }
}

function decoded(body: Readable, wire: Meter, encoding: string | undefined, limits: BodyLimits): AsyncIterable<Buffer> {
  let coders: Duplex[];
  try {
    coders = decoders(encoding, limits);
  } catch (error) {
    // It will not be read: the connection is closed with it.
    body.on('error', () => {}).destroy();
    throw error;
  }
  // Errors reach the reader through the last stream, which the pipeline destroys with them.
  return pipeline([body, wire, ...coders], () => {}) as Duplex;
}

function decoders(encoding: string | undefined, { subject }: BodyLimits): Duplex[] {
  const codings = contentCodings(encoding);
  if (codings.length > maxCodings) {
    throw new OverLimit(
      `fetch: ${subject} encoded its body ${codings.length} times, at most ${maxCodings} are allowed`,
    );
  }
  return codings.toReversed().map((coding) => {
    switch (coding) {
      case 'gzip':
      case 'x-gzip':
        return createGunzip();
      case 'deflate':
        return new AutoInflate();
      case 'br':
        return createBrotliDecompress();
      default:
        throw new UnreadableBody(`fetch: ${subject} sent Content-Encoding ${coding}, expected gzip, deflate or br`);
    }
  });
}

/** Counts what comes over the wire, and stops it at the limit. */
class Meter extends Transform {
  readonly #limits: BodyLimits;
  bytes = 0;

  constructor(limits: BodyLimits) {
    super();
    this.#limits = limits;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.bytes += chunk.length;
    if (this.bytes > this.#limits.maxBytes && !this.#limits.cutOff) done(tooLarge(this.#limits));
    else done(null, chunk);
  }
}

function tooLarge({ subject, maxBytes }: BodyLimits): OverLimit {
  return new OverLimit(`fetch: ${subject} sent more than ${maxBytes} bytes; raise max_body if needed`);
}

function isZlibError(error: unknown): boolean {
  return /^(?:Z_|ERR_BROTLI|ERR__ERROR)/.test(codeOf(error) ?? '');
}
