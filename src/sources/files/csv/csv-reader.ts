import { countBadBytes } from '../../../domain/text/bad-bytes.ts';
import type { FilePosition } from '../../../domain/state/fetch-position.ts';
import type { Warning } from '../../../domain/run/warning.ts';
import type { PageItem } from '../../extraction/page.ts';
import { badBytesWarning } from '../../text/bad-bytes-warning.ts';
import { openCsv, openCsvContent, type CsvContent, type OpenCsv } from './csv-layout.ts';
import { rowProblem } from './csv-problems.ts';
import type { CsvRow } from './csv-rows.ts';
import type { BlockDigests } from '../block-digests.ts';
import { fieldsOf } from './csv-fields.ts';
import {
  positionBehind,
  stretchBytes,
  stretchRecords,
  type FileToRead,
  type LastRow,
  type RecordReader,
  type Stretch,
} from '../record-reader.ts';

/** Reads a file of CSV. */
export async function openCsvReader(file: FileToRead, place: FilePosition): Promise<RecordReader> {
  return new CsvReader(await openCsv(file, place), file.plan.limits.maxRecordBytes, place.offset);
}

/** Reads CSV that is no file. */
export async function openCsvRows(content: CsvContent, place: FilePosition): Promise<RecordReader> {
  return new CsvReader(await openCsvContent(content, place), content.maxRecordBytes, place.offset);
}

/** A row with the number of its first line. */
interface NumberedRow extends CsvRow {
  readonly line: number;
}

class CsvReader implements RecordReader {
  readonly #csv: OpenCsv | null;
  readonly #maxBytes: number;
  readonly #start: number;
  /** Of the names of its columns, for its first stretch. */
  #warnings: readonly Warning[];

  /** @param csv null if the header is not finished yet */
  constructor(csv: OpenCsv | null, maxBytes: number, start: number) {
    this.#csv = csv;
    this.#maxBytes = maxBytes;
    this.#start = start;
    const bad = countBadBytes(csv?.columns?.join('\n') ?? '');
    this.#warnings = bad === 0 ? [] : [badBytesWarning(bad, null, null)];
  }

  get digests(): BlockDigests | null {
    return this.#csv?.digests ?? null;
  }

  get offset(): number {
    return this.#csv?.rows.offset ?? this.#start;
  }

  async read(place: FilePosition): Promise<Stretch> {
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
    let lastRow: LastRow | null = null;
    while (!ended && rows.length < stretchRecords && readTo.offset - offset < stretchBytes) {
      const row = await csv.rows.next();
      ended = row === null || !row.finished;
      if (!row) break;
      const wasTaken = readTo.openRow !== undefined && readTo.openRow.textEnd === row.textEnd;
      if (!place.stoodStill && !wasTaken && mayContinue(row, csv)) {
        ended = true;
        waits = row.text !== '';
        if (waits && mayBeWhole(row, csv, rows.at(-1))) lastRow = this.#lastRow(row, csv, readTo);
        break;
      }
      if (row.text !== '' && !wasTaken) rows.push({ ...row, line: readTo.lines + 1 });
      readTo = positionBehind(readTo, row, row.textEnd);
    }
    const items = this.#itemsOf(rows, csv, place.path);
    // A file that was read before and brings no further record is not empty.
    const nothingNew = ended && items.length === 0 && (place.offset > 0 || waits);
    const warnings = this.#warnings;
    this.#warnings = [];
    return { items, readTo, ended, waits, nothingNew, lastRow, warnings };
  }

  async skipTo(offset: number): Promise<void> {
    await this.#csv?.rows.skipTo(offset);
  }

  async close(): Promise<void> {
    await this.#csv?.rows.close();
  }

  #lastRow(row: CsvRow, csv: OpenCsv, place: FilePosition): LastRow | null {
    const [item] = this.#itemsOf([{ ...row, line: place.lines + 1 }], csv, place.path);
    return item ? { item, readTo: positionBehind(place, row, row.textEnd) } : null;
  }

  #itemsOf(rows: readonly NumberedRow[], { marks, columns }: OpenCsv, path: string): PageItem[] {
    const table = { path, marks, columns };
    return rows.map((row): PageItem => {
      const index = row.line;
      if (row.problem === null) return { index, row: row.text, table };
      return {
        index,
        rejection: rowProblem(path, index, { ...row, problem: row.problem }, this.#maxBytes),
        recordText: JSON.stringify(row.text),
      };
    });
  }
}

/**
 * Whether a row at the end of the file may be incomplete. Lines after an open quote that each have the fields of a row are rows:
 * the quote is broken.
 */
function mayContinue({ finished, behind }: CsvRow, { marks, columns }: OpenCsv): boolean {
  if (behind === null) return !finished;
  const lines = behind.filter((line) => line.finished);
  const isRow = (text: string) => !text.includes(marks.quote) && text.split(marks.delimiter).length === columns?.length;
  return columns === null || columns.length < 2 || lines.length === 0 || !lines.every(({ text }) => isRow(text));
}

/** Whether a row that no newline ends has all its fields. */
function mayBeWhole(row: CsvRow, { marks, columns }: OpenCsv, before: CsvRow | undefined): boolean {
  if (row.problem !== null || row.behind !== null) return false;
  const [found, expected] = fieldsOf(
    [row, ...(before ? [before] : [])].map(({ text }) => text),
    marks,
  );
  const count = columns?.length ?? expected?.length;
  return count === undefined || found?.length === count;
}
