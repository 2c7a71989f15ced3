import { parse } from 'csv-parse/sync';
import type { CsvMarks } from './csv-quotes.ts';

/**
 * The fields of rows whose quotes are in order. Rows without a quote, most of them, are split at the delimiter; the others
 * are parsed together.
 */
export function fieldsOf(rows: readonly string[], marks: CsvMarks): string[][] {
  const quoted = rows.filter((row) => row.includes(marks.quote));
  const parsed = quoted.length === 0 ? [] : parseRows(quoted, marks);
  let next = 0;
  return rows.map((row) => (row.includes(marks.quote) ? (parsed[next++] ?? []) : row.split(marks.delimiter)));
}

function parseRows(rows: readonly string[], { delimiter, quote }: CsvMarks): string[][] {
  const shape = { delimiter, quote, escape: quote, record_delimiter: '\n' };
  // A quote within an unquoted field is text; all other breaches were found before.
  const options = { ...shape, relax_quotes: true, relax_column_count: true };
  const parsed = parse(rows.join('\n'), options);
  if (parsed.length !== rows.length) throw new Error(`csv: parsed ${rows.length} rows as ${parsed.length}`);
  return parsed;
}
