import { OverLimit } from '../../domain/errors.ts';
import type { HttpResponse } from '../http/http-client.ts';

/** All of a response's body, which can be read once. */
export async function* bytesOf({ body, rest }: Pick<HttpResponse, 'body' | 'rest'>): AsyncGenerator<Buffer> {
  if (body.length > 0) yield body;
  if (rest) yield* rest.chunks;
}

/** The beginning of a body, at least so many bytes of it; `rest` is null if that is all. */
export async function takeStart(
  chunks: AsyncGenerator<Buffer>,
  bytes: number,
): Promise<{ readonly start: Buffer; readonly rest: AsyncGenerator<Buffer> | null }> {
  const taken: Buffer[] = [];
  let length = 0;
  while (length <= bytes) {
    const next = await chunks.next();
    if (next.done === true) return { start: Buffer.concat(taken), rest: null };
    taken.push(next.value);
    length += next.value.length;
  }
  return { start: Buffer.concat(taken), rest: chunks };
}

/** A beginning and what follows. */
export async function* joined(start: Buffer, rest: AsyncIterable<Buffer> | null): AsyncGenerator<Buffer> {
  if (start.length > 0) yield start;
  if (rest) yield* rest;
}

/** Holds a body. @throws OverLimit if it is larger than `max_body` */
export async function gather(subject: string, chunks: AsyncIterable<Buffer>, maxBytes: number): Promise<Buffer> {
  const all: Buffer[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    length += chunk.length;
    if (length > maxBytes) {
      throw new OverLimit(
        `fetch: ${subject} sent a body of more than ${maxBytes} bytes, which is held whole; raise max_body if needed`,
      );
    }
    all.push(chunk);
  }
  return Buffer.concat(all);
}
