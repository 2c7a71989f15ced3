import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';

/** The rows of a CSV text with a header, by an independent reader. */
export function csvRows(text: string): Record<string, string>[] {
  return parse(text, { columns: true, relax_column_count: false });
}

/** The rows of all CSV files below a folder. */
export function csvRowsBelow(folder: string): Record<string, string>[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.csv'))
    .flatMap((entry) => csvRows(readFileSync(join(entry.parentPath, entry.name), 'utf8')));
}
