import { SourceUnavailable } from '../../domain/errors.ts';
import type { HttpFormatPlan } from '../../domain/plan/source-plan.ts';
import type { BodyPosition } from '../../domain/state/body-position.ts';
import type { Answer } from '../http/fetch-document.ts';
import type { HttpResponse } from '../http/http-client.ts';
import { contentCodings } from '../http/content-codings.ts';
import { bytesOf } from './body-bytes.ts';

/** The source has another body by now: what was read of the first one ends in the middle. */
export class BodyChanged extends Error {}

/** A body that its source can send from any byte on. */
export interface LiveBody {
  readonly etag: string;
  readonly bytes: number;
}

/**
 * What stands for a body that can be continued at the source; null if it has to be copied: it is not sure that the source has ranges,
 * or that another answer would be the same bytes.
 */
export function liveBodyOf({ method }: HttpFormatPlan, { status, headers }: HttpResponse): LiveBody | null {
  const { etag, 'content-length': length = '', 'accept-ranges': ranges = '' } = headers;
  if (method !== 'GET' || status !== 200 || etag === undefined || !/^"[^"]*"$/.test(etag)) return null;
  if (!/\bbytes\b/i.test(ranges) || !/^\d+$/.test(length)) return null;
  return contentCodings(headers['content-encoding']).length > 0 ? null : { etag, bytes: Number(length) };
}

/** Requests a body from a byte on. */
export type RequestFrom = (from: number, etag: string) => Promise<Answer>;

/**
 * The bytes of a body from a position on. A connection that breaks is replaced, as long as each brings something.
 * @param first the bytes of its first response, for a body that begins
 * @throws BodyChanged if the source does not continue it
 */
export async function* liveBytes(
  { name }: Pick<HttpFormatPlan, 'name'>,
  body: LiveBody,
  offset: number,
  request: RequestFrom,
  first: AsyncIterable<Buffer> | null,
): AsyncGenerator<Buffer> {
  let at = offset;
  for (let chunks = first ?? (await continued(name, body, at, request)); ;) {
    const before = at;
    try {
      for await (const chunk of chunks) {
        at += chunk.length;
        yield chunk;
      }
      return;
    } catch (error) {
      if (!(error instanceof SourceUnavailable) || at === before) throw error;
    }
    chunks = await continued(name, body, at, request);
  }
}

async function continued(
  name: string,
  { etag, bytes }: LiveBody,
  from: number,
  request: RequestFrom,
): Promise<AsyncIterable<Buffer>> {
  const answer = await request(from, etag);
  if (answer.kind === 'rate_limited') {
    throw new SourceUnavailable(`fetch: ${name} asks for a pause until ${answer.notBefore.toISOString()}`);
  }
  if (answer.kind !== 'document') throw new BodyChanged('its address answers with another status');
  const { response } = answer;
  const problem = misfit(response, { etag, bytes }, from);
  if (problem === null) return bytesOf(response);
  response.rest?.close();
  throw new BodyChanged(problem);
}

function misfit({ status, headers }: HttpResponse, body: LiveBody, from: number): string | null {
  // From its first byte on a range is the whole body: servers may answer so.
  if (status === 200 && from === 0 && headers['etag'] === body.etag) {
    const length = headers['content-length'] ?? '';
    return length === String(body.bytes) ? null : `its Content-Length is "${length}"`;
  }
  if (status !== 206) return 'it was answered from its start';
  if (headers['etag'] !== undefined && headers['etag'] !== body.etag) return 'its ETag is another one';
  const range = headers['content-range'] ?? '';
  return range === `bytes ${from}-${body.bytes - 1}/${body.bytes}` ? null : `its Content-Range is "${range}"`;
}

/** The part of a position that stands for a live body; null if it is read from a copy. */
export function liveIn({ copy, etag, bytes }: BodyPosition): LiveBody | null {
  return copy === null && etag !== null ? { etag, bytes } : null;
}
