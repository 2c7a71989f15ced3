import { isUtf8 } from 'node:buffer';
import { Readable } from 'node:stream';
import type { HttpFormatPlan } from '../../domain/plan/source-plan.ts';
import type { BodyPosition } from '../../domain/state/body-position.ts';
import type { FilePosition } from '../../domain/state/fetch-position.ts';
import { openCsvRows } from '../files/csv/csv-reader.ts';
import { LineReader } from '../files/line-reader.ts';
import { linesIn } from '../files/line-text.ts';
import { openNdjsonLines } from '../files/ndjson-reader.ts';
import type { RecordReader } from '../files/record-reader.ts';
import { charsetBytes, charsetOf } from '../files/text-charset.ts';
import { declaredCharsets } from '../text/declared-charset.ts';

/** The text of a body of rows, and how it can be opened. */
export interface RowsContent {
  /** For messages. */
  readonly name: string;
  /** Whether it can be opened at any position; else only at its start. */
  readonly opensAnywhere: boolean;
  readonly open: (offset: number) => AsyncIterable<Buffer>;
}

/** Opens rows at a position. */
export async function openRows(
  plan: HttpFormatPlan,
  content: RowsContent,
  body: Pick<BodyPosition, 'format' | 'charset' | 'tabs' | 'offset' | 'lines' | 'bytes'>,
): Promise<RecordReader> {
  const { maxRecordBytes } = plan.limits;
  const open = (offset: number) => Readable.from(content.open(offset), { objectMode: false });
  if (body.format === 'ndjson') {
    const start = content.opensAnywhere ? body.offset : 0;
    const lines = new LineReader(open(start), start, maxRecordBytes, linesIn(body.charset, '\n'));
    if (start < body.offset) await lines.skipTo(body.offset);
    return openNdjsonLines(lines, maxRecordBytes);
  }
  const delimiter = plan.csv.delimiter === ',' && body.tabs ? '\t' : plan.csv.delimiter;
  const csv = { ...plan.csv, delimiter, encoding: body.charset };
  const { name: path, opensAnywhere } = content;
  const asked = { subject: `fetch: ${plan.name}`, path, csv, maxRecordBytes, opensAnywhere, open, digests: null };
  return openCsvRows(asked, positionOf(path, body));
}

/** The position of a body as one of a file that is complete: its last row needs no newline. */
export function positionOf(path: string, body: Pick<BodyPosition, 'offset' | 'lines' | 'bytes'>): FilePosition {
  const { offset, lines, bytes: size } = body;
  return { type: 'file', path, files: null, offset, lines, size, headBytes: 0, headHash: '', stoodStill: true };
}

/** The charset of rows: as configured, else as declared, unless the beginning is UTF-8 for sure. A byte order mark counts more. */
export function charsetOfRows(plan: HttpFormatPlan, head: Buffer, contentType: string | undefined): string {
  const beginning = head.subarray(0, charsetBytes);
  const configured = (plan.format === 'ndjson' ? null : plan.csv.encoding) ?? plan.encoding ?? null;
  if (configured !== null) return charsetOf(beginning, configured).charset;
  const [declared] = declaredCharsets('json', beginning, contentType);
  const fits = declared === undefined || declared.isAscii || isSurelyUtf8(head);
  return charsetOf(beginning, fits ? null : declared.charset).charset;
}

/** Whether text is UTF-8 and not ASCII alone. A character at its end may be cut. */
function isSurelyUtf8(head: Buffer): boolean {
  const whole = head.subarray(0, Math.max(0, head.lastIndexOf(0x0a)) || head.length);
  return isUtf8(whole) && whole.some((byte) => byte >= 0x80);
}
