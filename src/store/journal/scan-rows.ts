import { CsvScanner } from '../../formats/csv/csv-scanner.ts';
import { wholeLines } from '../../formats/whole-lines.ts';
import { isUnread } from './journal-file-gone.ts';
import { canonicalTime } from '../../domain/time/canonical-time.ts';
import { journalRow, rowsPerRead, type JournalRow, type Layout } from './journal-layout.ts';

export interface ScannedFile {
  /** Whether all of it was as Daybook writes it. Otherwise something in it is unusual or damaged, and it must be parsed in full. */
  readonly isUsual: boolean;
  /** Rows that it has, and the line where the last one ends, as far as it was read. */
  readonly rows: number;
  readonly line: number;
  /** Rows that were handed on. */
  readonly handedOn: number;
}

/** Longest line that is read here, in bytes. */
const maxLine = 32 * 1024 * 1024;

/** Reads the rows of a file that is as Daybook writes it, in a tenth of the time that a full parser takes. */
export async function* scanRows(
  bytes: AsyncIterable<Buffer> | Iterable<Buffer>,
  layout: Layout,
): AsyncGenerator<JournalRow[], ScannedFile> {
  const scanner = new CsvScanner(layout.columns);
  let rows: JournalRow[] = [];
  let count = 0;
  let hasHeader = false;
  const end = (isUsual: boolean): ScannedFile => ({
    isUsual,
    rows: count,
    line: scanner.line,
    handedOn: count - rows.length,
  });
  try {
    for await (const text of wholeLines(bytes, maxLine)) {
      // No record has one: the full parser reports it.
      if (text === null || text.includes('\0')) return end(false);
      scanner.add(text);
      for (let scanned = scanner.next(); scanned !== 'more'; scanned = scanner.next()) {
        if (scanned === 'unusual') return end(false);
        if (!hasHeader) {
          if (scanner.cells.join() !== layout.header) return end(false);
          hasHeader = true;
          continue;
        }
        const time = canonicalTime(scanner.cells[layout.occurredAt] ?? '');
        if (time === null) return end(false);
        count++;
        if (rows.push(journalRow(scanner.cells, time, scanner.line, layout)) < rowsPerRead) continue;
        const full = rows;
        rows = [];
        yield full;
      }
    }
  } catch (error) {
    if (isUnread(error)) throw error;
    return end(false);
  }
  if (!scanner.isAtEnd || count === 0) return end(false);
  const scanned = end(true);
  if (rows.length > 0) yield rows;
  return scanned;
}
