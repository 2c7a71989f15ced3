import { parse } from 'csv-parse/sync';

/** The rows of a CSV text with a header, by an independent reader. */
export function csvRows(text: string): Record<string, string>[] {
  return parse(text, { columns: true, relax_column_count: false });
}
