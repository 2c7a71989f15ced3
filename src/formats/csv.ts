import { stringify } from 'csv-stringify/sync';
import type { SpooledRecord } from '../domain/run/record.ts';

const csvColumns = ['source', 'source_id', 'occurred_at', 'payload'] as const;

/** The first line of every file of the CSV journal, and of an export. */
export const csvHeader = `${csvColumns.join(',')}\n`;

/** The text of a part: RFC 4180 with a header and LF, one line a record. */
export function csvText(source: string, records: readonly SpooledRecord[]): string {
  return csvHeader + csvRows(records.map((record) => ({ source, ...record })));
}

/** The lines of records, without a header. */
export function csvRows(records: readonly CsvRecord[]): string {
  const rows = records.map(({ source, sourceId, occurredAt, payload }) => [source, sourceId, occurredAt, payload]);
  // A lone CR ends a row for many readers, but not for csv-stringify.
  return stringify(rows, { record_delimiter: '\n', quoted_match: /[\r\n]/ });
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
