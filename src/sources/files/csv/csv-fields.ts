import { parse, type Options } from 'csv-parse/sync';
import { badByte, countBadBytes } from '../../../domain/text/bad-bytes.ts';
import { rawFields, type CsvMarks } from './csv-quotes.ts';

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

/** The parser reads UTF-8, which cannot contain the sign of bad bytes: another character replaces it temporarily. */
function parseBroken(text: string, options: Options): string[][] {
  const unused = spare.find((character) => !text.includes(character)) ?? '\ufffd';
  const parsed = parse(text.replaceAll(badByte, unused), options);
  return parsed.map((fields) => fields.map((field) => field.replaceAll(unused, badByte)));
}

/** Unicode gives these to programs for their own use. */
const spare = Array.from({ length: 32 }, (_, index) => String.fromCharCode(0xfdd0 + index));

function parseRows(rows: readonly string[], marks: CsvMarks): string[][] {
  const { delimiter, quote, escape } = marks;
  if (escape !== undefined && escape !== quote) return rows.map((row) => escapedFields(row, marks, escape));
  const shape = { delimiter, quote, escape: quote, record_delimiter: '\n' };
  // A quote within an unquoted field is text; all other breaches were found before.
  const options = { ...shape, relax_quotes: true, relax_column_count: true };
  const text = rows.join('\n');
  const parsed = countBadBytes(text) > 0 ? parseBroken(text, options) : parse(text, options);
  if (parsed.length !== rows.length) throw new Error(`csv: parsed ${rows.length} rows as ${parsed.length}`);
  return parsed;
}

/** The library drops each escape; here one that is before another letter is text (`C:\new`). */
function escapedFields(row: string, marks: CsvMarks, escape: string): string[] {
  return rawFields(row, marks).map(({ text, quoted }) => (quoted ? unescaped(text, marks.quote, escape) : text));
}

function unescaped(text: string, quote: string, escape: string): string {
  let plain = '';
  for (let at = 0; at < text.length; at++) {
    const next = text[at + 1];
    const isEscape = text[at] === escape && (next === quote || next === escape);
    if (isEscape || (text[at] === quote && next === quote)) at++;
    plain += text[at] ?? '';
  }
  return plain;
}
