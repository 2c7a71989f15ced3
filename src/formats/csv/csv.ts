import type { SpooledRecord } from '../../domain/run/record.ts';
import { CsvBytes } from './csv-bytes.ts';

const csvColumns = ['source', 'source_id', 'occurred_at', 'payload'] as const;

/** The first line of every file of the CSV journal, and of an export. */
export const csvHeader = `${csvColumns.join(',')}\n`;

/** The bytes of a part: RFC 4180 with a header and LF, one line a record. */
export function csvContent(source: string, records: readonly SpooledRecord[]): Buffer {
  const bytes = new CsvBytes(csvHeader);
  for (const { sourceId, occurredAt, payload } of records) bytes.addRow(source, sourceId, occurredAt, payload);
  return bytes.content;
}

/** The lines of records, without a header. */
export function csvRows(records: readonly CsvRecord[]): Buffer {
  const bytes = new CsvBytes();
  for (const { source, sourceId, occurredAt, payload } of records) {
    bytes.addRow(source, sourceId, occurredAt, payload);
  }
  return bytes.content;
}

/** A record with the name of its source. */
export interface CsvRecord extends SpooledRecord {
  readonly source: string;
}

/**
 * OWASP's rule against CSV injection: what a spreadsheet may take for a formula gets a `'` in front. Spreadsheets of East Asian
 * locales treat full-width characters as the same.
 */
export function escapeFormula(cell: string): string {
  return /^[=+\-@＝＋－＠\t\r\n]/.test(cell) ? `'${cell}` : cell;
}
