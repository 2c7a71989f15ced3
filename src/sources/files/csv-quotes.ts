/** The characters that shape a CSV file. */
export interface CsvMarks {
  readonly delimiter: string;
  readonly quote: string;
}

/** Where a line of a CSV file ends: after a field, within a quoted one, or it breaks the rules of quoting. */
export type LineEnd = 'closed' | 'quoted' | 'stray';

/**
 * Follows the quotes of a line, by RFC 4180: one within a quoted field is doubled, and behind the closing one comes a
 * delimiter or the end. A quote opens at the beginning of a field only; elsewhere it is text, as most readers take it
 * (`37.8"N`).
 * @param quoted whether the line begins within a quoted field
 */
export function followQuotes(text: string, quoted: boolean, marks: CsvMarks): LineEnd {
  const { delimiter, quote } = marks;
  // A carriage return before the newline belongs to the end of the line.
  const end = text.endsWith('\r') ? text.length - 1 : text.length;
  let position = quoted ? 0 : behindOpening(text, 0, marks);
  while (position !== -1) {
    const found = text.indexOf(quote, position);
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

/** Where the next quoted field begins, behind its quote; -1 = there is none. */
function behindOpening(text: string, from: number, { delimiter, quote }: CsvMarks): number {
  for (let found = text.indexOf(quote, from); found !== -1; found = text.indexOf(quote, found + 1)) {
    if (found === 0 || text[found - 1] === delimiter) return found + 1;
  }
  return -1;
}
