import { Duplex, pipeline, Readable, Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate, createInflateRaw } from 'node:zlib';
import { OverLimit, UnreadableBody } from '../../domain/errors.ts';

/** Most content codings that are undone one after the other. */
const maxCodings = 4;

export interface BodyLimits {
  readonly subject: string;
  /** Bytes, decoded as well as on the wire. */
  readonly maxBytes: number;
}

/**
 * Reads a body whole, undoing its `Content-Encoding`, and stops as soon as it is too large.
 * @throws OverLimit, UnreadableBody; errors of the connection as they are
 */
export async function readBody(body: Readable, encoding: string | undefined, limits: BodyLimits): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of decoded(body, encoding, limits)) {
      bytes += chunk.length;
      if (bytes > limits.maxBytes) throw tooLarge(limits);
      chunks.push(chunk);
    }
  } catch (error) {
    throw isZlibError(error)
      ? new UnreadableBody(`fetch: ${limits.subject} sent a ${encoding} body that is damaged or cut short`, {
          cause: error,
        })
      : error;
  }
  return Buffer.concat(chunks);
}

function decoded(body: Readable, encoding: string | undefined, limits: BodyLimits): AsyncIterable<Buffer> {
  // Errors reach the reader through the last stream, which the pipeline destroys with them.
  return pipeline([body, limiter(limits), ...decoders(encoding, limits)], () => {}) as Duplex;
}

function decoders(encoding: string | undefined, { subject }: BodyLimits): Duplex[] {
  const codings = (encoding ?? '')
    .split(',')
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => coding !== '' && coding !== 'identity');
  if (codings.length > maxCodings) {
    throw new OverLimit(`fetch: ${subject} encoded its body ${codings.length} times, at most ${maxCodings} are undone`);
  }
  return codings.reverse().map((coding) => {
    switch (coding) {
      case 'gzip':
      case 'x-gzip':
        return createGunzip();
      case 'deflate':
        return createAnyInflate();
      case 'br':
        return createBrotliDecompress();
      default:
        throw new UnreadableBody(`fetch: ${subject} sent Content-Encoding ${coding}, expected gzip, deflate or br`);
    }
  });
}

/** "deflate" is zlib's format by the standard, raw deflate by habit: the first byte tells which. */
function createAnyInflate(): Duplex {
  return Duplex.from(async function* (source: AsyncIterable<Buffer>) {
    const chunks = source[Symbol.asyncIterator]();
    const first = await chunks.next();
    if (first.done === true) return;
    const inflate = ((first.value[0] ?? 0) & 0x0f) === 8 ? createInflate() : createInflateRaw();
    const whole = Readable.from(
      (async function* () {
        yield first.value;
        yield* { [Symbol.asyncIterator]: () => chunks };
      })(),
    );
    yield* pipeline([whole, inflate], () => {}) as Duplex;
  });
}

function limiter(limits: BodyLimits): Transform {
  let bytes = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes > limits.maxBytes) done(tooLarge(limits));
      else done(null, chunk);
    },
  });
}

function tooLarge({ subject, maxBytes }: BodyLimits): OverLimit {
  return new OverLimit(`fetch: ${subject} sent more than ${maxBytes} bytes; raise max_body if that is right`);
}

function isZlibError(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    /^(?:Z_|ERR_BROTLI|ERR__ERROR_FORMAT|ERR_PADDING)/.test(String(error.code))
  );
}
