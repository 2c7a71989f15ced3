import { UnreadableBody } from '../../domain/errors.ts';
import type { HttpFormatPlan } from '../../domain/plan/source-plan.ts';
import { formatOfName, formatOfType, type NamedFormat } from '../../formats/http-format.ts';
import type { ResponseHead } from '../http/stream-body.ts';

/** What says of which format a body is: that of the configuration, the Content-Type, or a name. */
export function formatOfHead(
  { format, url: asked }: Pick<HttpFormatPlan, 'format' | 'url'>,
  { headers, url }: Pick<ResponseHead, 'headers' | 'url'>,
  entry: string | null = null,
): NamedFormat | null {
  const byType = formatOfType(headers['content-type']);
  const names = [entry, fileName(headers['content-disposition']), pathOf(url), pathOf(asked)];
  const byName = names.map((name) => (name === null ? null : formatOfName(name))).find((found) => found !== null);
  // The type of an archive says nothing of what is in it.
  const found = (entry !== null && byName) || byType || byName || null;
  if (format === null) return found;
  const isTabs = [byType, byName].some((each) => each?.tabs === true);
  return { format, tabs: isTabs };
}

/** @throws UnreadableBody if nothing says it */
export function assertFormat(subject: string, found: NamedFormat | null, { headers }: Pick<ResponseHead, 'headers'>) {
  if (found) return found;
  throw new UnreadableBody(
    `fetch: ${subject} answered with ${headers['content-type'] ?? 'no content type'}, and neither that nor a name says the format of the body; set format`,
  );
}

function fileName(disposition: string | undefined): string | null {
  const [, encoded, quoted, plain] =
    /filename\*=[\w-]*'[^']*'([^;\s]+)|filename="([^"]+)"|filename=([^;\s"]+)/i.exec(disposition ?? '') ?? [];
  return encoded ?? quoted ?? plain ?? null;
}

function pathOf(url: string): string | null {
  return URL.canParse(url) ? new URL(url).pathname : null;
}

const contentTypes = {
  json: 'application/json',
  ndjson: 'application/x-ndjson',
  csv: 'text/csv',
  xml: 'application/xml',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
} as const;

/** Headers that say of which format an unpacked body is: those of its answer are about the archive. */
export function headersOf({ format, tabs }: NamedFormat, headers: ResponseHead['headers']): ResponseHead['headers'] {
  const type = format === 'csv' && tabs ? 'text/tab-separated-values' : contentTypes[format];
  return { ...headers, 'content-type': type };
}
