import { WrongShape } from '../../domain/errors.ts';
import type { FilePlace } from '../../domain/fetch.ts';
import { columnNames } from './csv-columns.ts';
import { fieldsOf } from './csv-fields.ts';
import type { CsvMarks } from './csv-quotes.ts';
import { CsvRows, type CsvRow } from './csv-rows.ts';
import { csvOf, isCompressed } from './file-format.ts';
import { LineReader } from './line-reader.ts';
import { byteOrderMark, linesIn } from './line-text.ts';
import { openContent } from './open-file.ts';
import type { FileToRead } from './record-reader.ts';

/** A CSV file opened at its first row that was not read yet. */
export interface OpenCsv {
  readonly rows: CsvRows;
  readonly marks: CsvMarks;
  /** Null where the columns have no names. */
  readonly columns: readonly string[] | null;
  /** Lines before the first row of data, where nothing was read yet. */
  readonly lines: number;
}

/** How much of the beginning tells how a file is written. */
const peekBytes = 64 * 1024;

/**
 * Opens a CSV file at a place: finds its charset and the ends of its lines, reads its header again and passes over what was
 * read before. Null where its header is not finished yet.
 * @throws WrongShape where the header cannot be one
 */
export async function openCsv(file: FileToRead, place: FilePlace): Promise<OpenCsv | null> {
  const { plan, path } = file;
  const { encoding, header, ...marks } = csvOf(plan, path);
  const maxBytes = plan.limits.maxRecordBytes;
  const compressed = isCompressed(path);
  const lineReader = new LineReader(openContent(path, compressed, 0, place.size), 0, maxBytes);
  let rows: CsvRows | null = null;
  try {
    const head = await lineReader.peek(peekBytes);
    const mark = byteOrderMark(head);
    const charset = mark?.charset ?? encoding ?? 'utf-8';
    const newline = newlineOf(linesIn(charset, '\n').decode(head.subarray(mark?.bytes ?? 0, peekBytes)));
    const text = linesIn(charset, newline);
    lineReader.readAs(text);
    await lineReader.skipTo(mark?.bytes ?? 0);
    rows = new CsvRows(lineReader, marks, maxBytes, newline);
    const named = typeof header === 'boolean' ? null : columnNames(header);
    const first = header === true ? await readHeader(file, rows, place, marks) : { columns: named, lines: 0 };
    if (first === null) {
      await rows.close();
      return null;
    }
    if (!compressed && place.offset > rows.offset) {
      await rows.close();
      const rest = openContent(path, false, place.offset, place.size);
      rows = new CsvRows(new LineReader(rest, place.offset, maxBytes, text), marks, maxBytes, newline);
    } else await rows.skipTo(place.offset);
    return { rows, marks, ...first };
  } catch (error) {
    await (rows ?? lineReader).close();
    throw error;
  }
}

/** Files of old Macs end their lines with a carriage return alone. */
function newlineOf(head: string): '\n' | '\r' {
  return !head.includes('\n') && /\r[^]/.test(head) ? '\r' : '\n';
}

async function readHeader(
  { plan, path }: FileToRead,
  rows: CsvRows,
  place: FilePlace,
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
  // What was read before lies behind the header: then it was whole.
  if (isUnfinished && !place.stoodStill && place.offset === 0) return null;
  if (row.problem !== null) {
    throw new WrongShape(
      `file: ${plan.name}: the header of ${path} on line ${lines} is not a row of CSV (${headerProblem[row.problem]}), expected the names of the columns; set csv.header to false or to their names where the file has none`,
    );
  }
  return { columns: columnNames(fieldsOf([row.text], marks)[0] ?? []), lines };
}

const headerProblem = {
  too_large: 'longer than max_record',
  stray: 'a quote stands where none may',
  unclosed: 'a quote is not closed',
};
