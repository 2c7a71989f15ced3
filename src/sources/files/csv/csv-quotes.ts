/** The characters that shape a CSV file. */
export interface CsvMarks {
  readonly delimiter: string;
  readonly quote: string;
  /** The character before a quote, or itself, within a quoted field. Without it a quote is doubled; that is read with it, too. */
  readonly escape?: string;
  /** Begins a line that is not a row. */
  readonly comment?: string;
}

/** Where a line of a CSV file ends: after a field, within a quoted one, or it breaks the rules of quoting. */
export type LineEnd = 'closed' | 'quoted' | 'stray';

/** A field as written in its row, without the quotes around it. */
interface RawField {
  readonly text: string;
  readonly quoted: boolean;
}

/**
 * Follows the quotes of a line, by RFC 4180: one within a quoted field is doubled, and behind the closing one comes a
 * delimiter or the end. A quote opens at the beginning of a field only; elsewhere it is text, as most readers take it
 * (`37.8"N`).
 * @param quoted whether the line begins within a quoted field
 */
export function followQuotes(text: string, quoted: boolean, marks: CsvMarks): LineEnd {
  const { delimiter, quote } = marks;
  // Carriage returns before the newline belong to the end of the line.
  let end = text.length;
  while (text.charCodeAt(end - 1) === 13) end--;
  let position = quoted ? 0 : behindOpening(text, 0, marks);
  while (position !== -1) {
    const found = nextQuote(text, position, marks);
    if (found === -1) return 'quoted';
    if (text[found + 1] === quote) {
      position = found + 2;
      continue;
    }
    if (found + 1 >= end) return 'closed';
    if (text[found + 1] !== delimiter) return 'stray';
    position = behindOpening(text, found + 2, marks);
  }
  return 'closed';
}

/**
 * Whether a row that is in order by doubled quotes was written with backslashes before them: then it is in order too, and has
 * no quote in a field without quotes (`"a \", b"`).
 */
export function looksEscaped(text: string, marks: CsvMarks): boolean {
  if (marks.escape !== undefined || !text.includes(`\\${marks.quote}`)) return false;
  const escaped = { ...marks, escape: '\\' };
  const hasStray = (fields: readonly RawField[]) =>
    fields.some((field) => !field.quoted && field.text.includes(marks.quote));
  return (
    hasStray(rawFields(text, marks)) &&
    followQuotes(text, false, escaped) === 'closed' &&
    !hasStray(rawFields(text, escaped))
  );
}

/** The fields of a row whose quotes are in order. */
export function rawFields(row: string, marks: CsvMarks): RawField[] {
  const { delimiter, quote } = marks;
  const fields: RawField[] = [];
  let from = 0;
  for (;;) {
    const quoted = row[from] === quote;
    const end = quoted ? closingQuote(row, from + 1, marks) : row.indexOf(delimiter, from);
    if (end === -1) return [...fields, { text: row.slice(quoted ? from + 1 : from), quoted }];
    fields.push({ text: row.slice(quoted ? from + 1 : from, end), quoted });
    if (quoted && end + 1 >= row.length) return fields;
    from = end + (quoted ? 2 : 1);
  }
}

function closingQuote(row: string, from: number, marks: CsvMarks): number {
  let found = nextQuote(row, from, marks);
  while (found !== -1 && row[found + 1] === marks.quote) found = nextQuote(row, found + 2, marks);
  return found;
}

/** The next quote without an escape before it; -1 = there is none. */
function nextQuote(text: string, from: number, { quote, escape }: CsvMarks): number {
  if (escape === undefined || escape === quote) return text.indexOf(quote, from);
  for (let at = from; at < text.length; at++) {
    if (text[at] === escape && (text[at + 1] === quote || text[at + 1] === escape)) at++;
    else if (text[at] === quote) return at;
  }
  return -1;
}

/** Where the next quoted field begins, behind its quote; -1 = there is none. */
function behindOpening(text: string, from: number, { delimiter, quote }: CsvMarks): number {
  for (let found = text.indexOf(quote, from); found !== -1; found = text.indexOf(quote, found + 1)) {
    if (found === 0 || text[found - 1] === delimiter) return found + 1;
  }
  return -1;
}
