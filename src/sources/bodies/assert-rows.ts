import { UnreadableBody } from '../../domain/errors.ts';
import type { HttpFormatPlan } from '../../domain/plan/source-plan.ts';
import { shownStart } from '../extraction/shown-start.ts';
import { byteOrderMark } from '../text/byte-order.ts';
import { compressionOf } from '../files/compression.ts';

/** How much of the beginning is looked at. */
const headBytes = 1024;

/** How a document begins that is no table and no JSON lines: pages of HTML and XML, JSON that is one document, PDF. */
const others: readonly (readonly [RegExp, string])[] = [
  [/^<(?:!doctype\s+html|html|head|body|script|meta)\b/i, 'an HTML page'],
  // Some tables have columns named `<DATE>`.
  [/^<(?:title|div|p|h1|center)\b[^>]*>(?![,;|\t])/i, 'an HTML page'],
  [/^<(?:\?xml|!--|!doctype|[a-z][\w:.-]*(?:\s+[\w:-]+\s*=|\s*\/?>\s*<))/i, 'markup'],
  [/^%PDF-/, 'a PDF document'],
];

/**
 * A login page or an error must not become records.
 * @param contentType as the source sent it
 * @throws UnreadableBody with what was found
 */
export function assertRows(
  plan: HttpFormatPlan,
  format: 'csv' | 'ndjson',
  body: Buffer,
  contentType: string | undefined,
): void {
  const head = body.subarray(0, headBytes);
  const text = textOf(head);
  const packed = compressionOf(head);
  const found = packed ?? others.find(([pattern]) => pattern.test(text))?.[1] ?? otherJson(format, text, contentType);
  const expected = format === 'csv' ? 'CSV' : 'JSON lines';
  const isPage = /^\s*(?:text\/html|application\/xhtml\+xml)\b/i.test(contentType ?? '');
  if (found === null && !(isPage && text !== '')) return;
  const start = packed === null ? shownStart(plan, text) : '';
  throw new UnreadableBody(
    `fetch: ${plan.name} answered with ${found ?? 'a page'} (${contentType ?? 'no content type'})${start}, expected ${expected}; nothing of it was stored`,
  );
}

/** What sentences have that report an error or that there are no records, and names of columns hardly have. */
const reports =
  /\b(?:errors?|exceptions?|fail(?:ed|ure)|denied|forbidden|unauthori[sz]ed|invalid|exceeded|expired|unavailable|maintenance|(?:rate|request|usage) limit|quota|throttled?|not (?:found|allowed|permitted|supported|available)|no (?:data|records?|results?|rows?|such)|please|try again|missing|required|cannot|could not|too many)\b/i;

/**
 * A sentence in place of a table without rows is an error that the API reports, or its word for no records.
 * @throws UnreadableBody
 */
export function assertNoSentence(plan: HttpFormatPlan, body: Buffer): void {
  const { csv } = plan;
  const text = textOf(body.subarray(0, headBytes)).trimEnd();
  const isSentence =
    /^[^\s"']+\s/.test(text) && reports.test(text) && !text.includes(csv.delimiter) && !text.includes('\t');
  if (!isSentence || !csv.header || (csv.skipLines ?? 0) > 0) return;
  throw new UnreadableBody(
    `fetch: ${plan.name} answered with a text${shownStart(plan, text)}, expected CSV; if that means that there are no records, set on_response: [{ status: 200, body_contains: "…", action: ignore }] with a part of it`,
  );
}

function textOf(head: Buffer): string {
  const mark = byteOrderMark(head);
  return head
    .subarray(mark?.bytes ?? 0)
    .toString('latin1')
    .replaceAll('\0', '')
    .trimStart();
}

/** JSON in place of CSV is an error that an API reports. */
function otherJson(format: 'csv' | 'ndjson', text: string, contentType: string | undefined): string | null {
  if (format === 'ndjson') return null;
  const isJson = /^[\w.-]+\/(?:[\w.-]+\+)?json\b/i.test(contentType ?? '');
  return (isJson && /^[[{]/.test(text)) || /^(?:\[\s*)?\{\s*"/.test(text) ? 'JSON' : null;
}
