import type { Readable } from 'node:stream';
import type { Deadline } from './deadline.ts';
import { bodyChunks } from './decode-body.ts';

/** What is known of a response before its body. */
export interface ResponseHead {
  readonly status: number;
  /** Names in lower case; repeated ones joined by a comma. */
  readonly headers: Readonly<Record<string, string>>;
  /** Where the last redirect led. */
  readonly url: string;
  /** The first redirect to another origin: from there on what was configured for the first one was not sent. */
  readonly leftOrigin?: LeftOrigin;
}

export interface LeftOrigin {
  readonly from: string;
  readonly to: string;
}

/** A response, its body whole or not. */
export interface StartedResponse extends ResponseHead {
  readonly body: Buffer;
  /** What follows `body`, where that is only the beginning. */
  readonly rest?: BodyRest;
}

/** How a body is read that may be too large to be held. */
export interface BodyStreaming {
  /** Whether this response may have such a body; any other is read whole, up to `maxBodyBytes`. */
  readonly wants: (head: ResponseHead) => boolean;
  /** A body up to this size is read whole. */
  readonly wholeBytes: number;
  readonly maxBytes: number;
}

/** The rest of a body: it is read to its end, or closed. */
export interface BodyRest {
  readonly chunks: AsyncIterable<Buffer>;
  readonly close: () => void;
}

/** Reads a body whole if it is small, else its beginning. */
export async function readStart(
  body: Readable,
  subject: string,
  { wholeBytes, maxBytes }: BodyStreaming,
  head: ResponseHead,
  deadline: Deadline,
): Promise<StartedResponse> {
  const chunks = bodyChunks(body, head.headers['content-encoding'], { subject, maxBytes });
  const start: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of waits(chunks, deadline)) {
    start.push(chunk);
    bytes += chunk.length;
    if (bytes > wholeBytes) break;
  }
  const whole = Buffer.concat(start);
  if (bytes <= wholeBytes) return { ...head, body: whole };
  const close = () => {
    deadline.stop();
    body.on('error', () => {}).destroy();
  };
  return { ...head, body: whole, rest: { chunks: waits(chunks, deadline), close } };
}

/** Counts only the time that a source takes. The generator may be left, and read on. */
function waits(chunks: AsyncGenerator<Buffer>, deadline: Deadline): AsyncIterable<Buffer> {
  return {
    [Symbol.asyncIterator]: () => ({
      async next() {
        deadline.restart();
        try {
          return await chunks.next();
        } finally {
          deadline.stop();
        }
      },
    }),
  };
}

/** A body whose failures are those of its request. */
export function namingFailures({ chunks, close }: BodyRest, failureOf: (error: unknown) => unknown): BodyRest {
  return {
    close,
    chunks: (async function* () {
      try {
        for await (const chunk of chunks) yield chunk;
      } catch (error) {
        throw failureOf(error);
      } finally {
        close();
      }
    })(),
  };
}
