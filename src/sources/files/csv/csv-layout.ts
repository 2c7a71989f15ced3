import type { Readable } from 'node:stream';
import { WrongShape } from '../../../domain/errors.ts';
import type { FilePosition } from '../../../domain/state/fetch-position.ts';
import type { CsvPlan } from '../../../domain/plan/source-plan.ts';
import { columnNames } from './csv-columns.ts';
import { fieldsOf } from './csv-fields.ts';
import { rawFields, type CsvMarks } from './csv-quotes.ts';
import { CsvRows, type CsvRow } from './csv-rows.ts';
import { digestsBefore, type BlockDigests } from '../block-digests.ts';
import { isGzip } from '../compression.ts';
import { csvOf } from '../file-format.ts';
import { LineReader } from '../line-reader.ts';
import { linesIn, type LineText } from '../line-text.ts';
import { openContent } from '../open-file.ts';
import type { FileToRead } from '../record-reader.ts';
import { charsetOf } from '../text-charset.ts';

/** A CSV file opened at its first row that was not read yet. */
export interface OpenCsv {
  readonly rows: CsvRows;
  readonly marks: CsvMarks;
  /** Null if they are not taken. */
  readonly digests: BlockDigests | null;
  /** Null if the columns have no names. */
  readonly columns: readonly string[] | null;
  /** Lines before the first row of data, where nothing was read yet. */
  readonly lines: number;
}

/** How much of the beginning shows how a file is written. */
const peekBytes = 64 * 1024;

/** How the text of a file is written. */
interface Layout {
  readonly marks: CsvMarks;
  readonly text: LineText;
  readonly newline: '\n' | '\r';
  /** Bytes of the byte order mark. */
  readonly markBytes: number;
  /** Lines before the header. */
  readonly skipLines: number;
}

/** A text of CSV that can be opened. */
export interface CsvContent {
  /** Whose it is, and its name, for messages. */
  readonly subject: string;
  readonly path: string;
  readonly csv: CsvPlan;
  readonly maxRecordBytes: number;
  /** Whether it can be opened at any position; else only at its start. */
  readonly opensAnywhere: boolean;
  readonly open: (offset: number) => Readable;
  readonly digests: BlockDigests | null;
}

/** Opens a CSV file at a place. See {@link openCsvContent}. */
export async function openCsv(file: FileToRead, place: FilePosition): Promise<OpenCsv | null> {
  const { plan, path } = file;
  const compressed = await isGzip(plan.name, file);
  const digests = await digestsBefore(file, place.offset, compressed);
  // A plain file is opened again after what was read before: only then its digests are taken.
  const isReopened = !compressed && place.offset > 0;
  let opened = 0;
  const open = (offset: number) =>
    openContent(file, compressed, offset, place.size, isReopened && opened++ === 0 ? null : digests);
  const content = { subject: `file: ${plan.name}`, path, csv: csvOf(plan, path), open, digests };
  return openCsvContent({ ...content, maxRecordBytes: plan.limits.maxRecordBytes, opensAnywhere: !compressed }, place);
}

/**
 * Opens CSV at a place: finds its charset and the ends of its lines, reads its header again and skips what was read before.
 * Null if its header is not finished yet.
 * @throws WrongShape if the header cannot be one
 */
export async function openCsvContent(content: CsvContent, place: FilePosition): Promise<OpenCsv | null> {
  const { maxRecordBytes: maxBytes, digests } = content;
  const isReopened = content.opensAnywhere && place.offset > 0;
  const start = content.open(0);
  const lineReader = new LineReader(start, 0, maxBytes);
  let rows: CsvRows | null = null;
  try {
    const layout = layoutOf(content.csv, await lineReader.peek(peekBytes));
    const { marks, text, newline } = layout;
    lineReader.readAs(text);
    await lineReader.skipTo(layout.markBytes);
    const skipped = await passOver(lineReader, layout.skipLines);
    rows = new CsvRows(lineReader, marks, maxBytes, newline);
    const first = skipped === null ? null : await readColumns(content, rows, place, marks);
    if (skipped === null || first === null) {
      await rows.close();
      return null;
    }
    if (isReopened) {
      await rows.close();
      const offset = Math.max(place.offset, rows.offset);
      const rest = content.open(offset);
      rows = new CsvRows(new LineReader(rest, offset, maxBytes, text), marks, maxBytes, newline);
    } else await rows.skipTo(place.offset);
    return { rows, marks, digests, columns: first.columns, lines: skipped + first.lines };
  } catch (error) {
    await (rows ?? lineReader).close();
    throw error;
  }
}

function layoutOf({ encoding, delimiter, quote, escape, comment, skipLines = 0 }: CsvPlan, head: Buffer): Layout {
  const { charset, markBytes } = charsetOf(head, encoding);
  const beginning = linesIn(charset, '\n').decode(head.subarray(markBytes, peekBytes));
  const newline = newlineOf(beginning, { delimiter, quote });
  // Excel reads the delimiter from such a line, and shows none of it.
  const separator = /^(?:sep=([^\r\n])|"sep=([^\r\n])")[\r\n]/i.exec(beginning);
  const named = separator?.[1] ?? separator?.[2];
  return {
    marks: {
      delimiter: delimiter === ',' && named !== undefined ? named : delimiter,
      quote,
      ...(escape === undefined ? {} : { escape }),
      ...(comment === undefined ? {} : { comment }),
    },
    text: linesIn(charset, newline),
    newline,
    markBytes,
    skipLines: Math.max(skipLines, separator ? 1 : 0),
  };
}

/**
 * Files of old Macs end their lines with a carriage return alone. Newlines may still follow later: in quotes, or after rows that
 * another program has added.
 */
function newlineOf(head: string, marks: CsvMarks): '\n' | '\r' {
  if (!head.includes('\n')) return /\r[^]/.test(head) ? '\r' : '\n';
  const [, header = '', row = ''] = /^([^\r\n]*)\r(?!\r*\n)([^\r\n]+)/.exec(head) ?? [];
  // A carriage return within a name ends no line: what follows has fewer fields.
  return row !== '' && rawFields(header, marks).length === rawFields(row, marks).length ? '\r' : '\n';
}

/** Skips lines; returns how many, or null if the last of them is not finished. */
async function passOver(reader: LineReader, count: number): Promise<number | null> {
  for (let skipped = 0; skipped < count; skipped++) {
    const [line] = await reader.read(1, Infinity);
    if (line?.finished !== true) return null;
  }
  return count;
}

async function readColumns(
  content: CsvContent,
  rows: CsvRows,
  place: FilePosition,
  marks: CsvMarks,
): Promise<Pick<OpenCsv, 'columns' | 'lines'> | null> {
  const { header } = content.csv;
  if (header === true) return readHeader(content, rows, place, marks);
  return { columns: header === false ? null : columnNames(header), lines: 0 };
}

async function readHeader(
  { subject, path }: CsvContent,
  rows: CsvRows,
  place: FilePosition,
  marks: CsvMarks,
): Promise<Pick<OpenCsv, 'columns' | 'lines'> | null> {
  let lines = 0;
  let row: CsvRow | null;
  do {
    row = await rows.next();
    lines += row?.lines ?? 0;
  } while (row?.text === '' && row.finished);
  if (!row || row.text === '') return null;
  const isUnfinished = !row.finished || row.behind !== null;
  // What was read before follows the header, so the header was whole.
  if (isUnfinished && !place.stoodStill && place.offset === 0) return null;
  if (row.problem !== null) {
    throw new WrongShape(
      `${subject}: the header of ${path} on line ${lines} is not a row of CSV (${headerProblem[row.problem]}), expected the names of the columns; set csv.header to false or to the names if the file has no header`,
    );
  }
  return { columns: columnNames(fieldsOf([row.text], marks)[0] ?? []), lines };
}

const headerProblem = {
  too_large: 'longer than max_record',
  stray: 'a quote where none is allowed',
  unclosed: 'a quote is not closed',
  escaped: 'a backslash before a quote',
};
