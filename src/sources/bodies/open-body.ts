import type { HttpFormat, HttpFormatPlan, HttpJsonPlan } from '../../domain/plan/source-plan.ts';
import type { NamedFormat } from '../../formats/http-format.ts';
import { gunzipped, isGzipped } from '../archive/gunzip.ts';
import { isZip } from '../archive/is-zip.ts';
import type { HttpResponse } from '../http/http-client.ts';
import { assertFormat, formatOfHead, headersOf } from './body-format.ts';
import { bytesOf, gather, joined, takeStart } from './body-bytes.ts';
import type { OpeningTools, PackedPlan } from './opening.ts';

/** A body ready to be read: held, or one of rows that is too large for that. */
export type OpenedBody =
  | { readonly whole: HttpResponse }
  | {
      readonly format: 'csv' | 'ndjson';
      readonly tabs: boolean;
      readonly start: Buffer;
      readonly rest: AsyncIterable<Buffer>;
      /** The bytes are those that the source sends. */
      readonly isPlain: boolean;
    };

export function isRows(format: HttpFormat): format is 'csv' | 'ndjson' {
  return format === 'csv' || format === 'ndjson';
}

/** Opens a body, and unpacks it if it is gzip or a ZIP archive. @throws OverLimit, UnreadableBody, WrongShape */
export async function openBody(plan: PackedPlan, response: HttpResponse, tools: OpeningTools): Promise<OpenedBody> {
  const { body } = response;
  const found = formatOfHead(plan, response);
  if (isGzipped(body)) {
    const limits = { subject: plan.name, maxBytes: maxBytesOf(plan, found?.format ?? null) };
    return settle(plan, response, found, gunzipped(bytesOf(response), limits), tools);
  }
  if (isZip(body) && found?.format !== 'xlsx') {
    const { openArchive } = await import('./open-archive.ts');
    const { named, chunks } = await openArchive(plan, response, found, tools);
    return settle(plan, response, named, chunks, tools);
  }
  if (!response.rest) return { whole: response };
  const named = assertFormat(plan.name, found, response);
  if (isRows(named.format))
    return { ...named, format: named.format, start: body, rest: response.rest.chunks, isPlain: true };
  const whole = await gather(plan.name, bytesOf(response), plan.maxBodyBytes);
  return { whole: { ...withoutRest(response), body: whole } };
}

/** Rows may be larger than what is held; they are not. */
function maxBytesOf({ maxBodyBytes, maxStreamBytes }: PackedPlan, format: HttpFormat | null): number {
  return format === null || isRows(format) ? maxStreamBytes : maxBodyBytes;
}

/** What was unpacked, held if it is small or has to be. */
async function settle(
  plan: PackedPlan,
  response: HttpResponse,
  found: NamedFormat | null,
  chunks: AsyncGenerator<Buffer>,
  { wholeBytes }: OpeningTools,
): Promise<OpenedBody> {
  const named = assertFormat(plan.name, found, response);
  const { start, rest } = await takeStart(chunks, wholeBytes);
  if (rest && isRows(named.format)) return { ...named, format: named.format, start, rest, isPlain: false };
  const whole = rest ? await gather(plan.name, joined(start, rest), plan.maxBodyBytes) : start;
  return { whole: { ...withoutRest(response), body: whole, headers: headersOf(named, response.headers) } };
}

function withoutRest({ rest: _rest, ...response }: HttpResponse): HttpResponse {
  return response;
}

/** A page that is packed, unpacked: of a format that is held. */
export async function unpackedPage(plan: HttpJsonPlan | HttpFormatPlan, response: HttpResponse): Promise<HttpResponse> {
  const { maxBodyBytes: maxStreamBytes, entry = null } = plan;
  const asked = { ...plan, format: plan.type === 'http' ? plan.format : ('json' as const), maxStreamBytes, entry };
  const opened = await openBody(asked, response, { copies: null, onProgress: () => {}, wholeBytes: maxStreamBytes });
  return 'whole' in opened ? opened.whole : response;
}
