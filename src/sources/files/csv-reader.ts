import type { FilePlace } from '../../domain/fetch.ts';
import type { PageItem } from '../page.ts';
import { recordOf } from './csv-columns.ts';
import { fieldsOf } from './csv-fields.ts';
import { openCsv, type OpenCsv } from './csv-layout.ts';
import { fieldCountProblem, rowProblem } from './csv-problems.ts';
import type { CsvRow } from './csv-rows.ts';
import { stretchBytes, stretchRecords, type FileToRead, type RecordReader, type Stretch } from './record-reader.ts';

/** Reads a file of CSV. */
export async function openCsvReader(file: FileToRead, place: FilePlace): Promise<RecordReader> {
  return new CsvReader(await openCsv(file, place), file.plan.limits.maxRecordBytes, place.offset);
}

/** A row with the number of its first line. */
interface NumberedRow extends CsvRow {
  readonly line: number;
}

class CsvReader implements RecordReader {
  readonly #csv: OpenCsv | null;
  readonly #maxBytes: number;
  readonly #start: number;

  /** @param csv null where the header is not finished yet */
  constructor(csv: OpenCsv | null, maxBytes: number, start: number) {
    this.#csv = csv;
    this.#maxBytes = maxBytes;
    this.#start = start;
  }

  get offset(): number {
    return this.#csv?.rows.offset ?? this.#start;
  }

  async read(place: FilePlace): Promise<Stretch> {
    const csv = this.#csv;
    if (!csv) {
      const waits = place.size > 0 && !place.stoodStill;
      return { items: [], readTo: place, ended: true, waits, nothingNew: waits };
    }
    const { offset } = csv.rows;
    const rows: NumberedRow[] = [];
    // Where nothing was read yet, the header lies between.
    let readTo = place.offset < offset ? { ...place, offset, lines: csv.lines } : place;
    let ended = false;
    let waits = false;
    while (!ended && rows.length < stretchRecords && readTo.offset - offset < stretchBytes) {
      const row = await csv.rows.next();
      ended = row === null || !row.finished;
      if (!row) break;
      if (!place.stoodStill && mayGoOn(row, csv)) {
        ended = true;
        waits = row.text !== '';
        break;
      }
      if (row.text !== '') rows.push({ ...row, line: readTo.lines + 1 });
      // A line that has no newline yet is counted once it has: what follows its text is still that line.
      readTo = { ...readTo, offset: row.end, lines: readTo.lines + row.lines };
    }
    const items = this.#itemsOf(rows, csv, place.path);
    // A file that was read before and brings no further record is not empty.
    return { items, readTo, ended, waits, nothingNew: ended && items.length === 0 && (place.offset > 0 || waits) };
  }

  async skipTo(offset: number): Promise<void> {
    await this.#csv?.rows.skipTo(offset);
  }

  async close(): Promise<void> {
    await this.#csv?.rows.close();
  }

  #itemsOf(rows: readonly NumberedRow[], { marks, columns }: OpenCsv, path: string): PageItem[] {
    const whole = rows.filter((row) => row.problem === null).map((row) => row.text);
    const parsed = fieldsOf(whole, marks)[Symbol.iterator]();
    return rows.map((row): PageItem => {
      const index = row.line;
      const fields = row.problem === null ? (parsed.next().value ?? []) : [];
      const rejection = row.problem
        ? rowProblem(path, row.line, row, this.#maxBytes)
        : fieldCountProblem(path, row.line, fields.length, columns);
      if (rejection) return { index, rejection, recordText: JSON.stringify(row.text) };
      return { index, raw: { value: recordOf(fields, columns), exact: false, mayBeDeep: false } };
    });
  }
}

/**
 * Whether a row at the end of the file may still be being written. Lines behind an open quote that each have the fields of a
 * row are rows: the quote is broken.
 */
function mayGoOn({ finished, behind }: CsvRow, { marks, columns }: OpenCsv): boolean {
  if (behind === null) return !finished;
  const lines = behind.filter((line) => line.finished);
  const isRow = (text: string) => !text.includes(marks.quote) && text.split(marks.delimiter).length === columns?.length;
  return columns === null || columns.length < 2 || lines.length === 0 || !lines.every(({ text }) => isRow(text));
}
