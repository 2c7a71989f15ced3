import { textOf } from '../whole-lines.ts';

const [quote, comma, newline] = [0x22, 0x2c, 0x0a];

/** Longest piece of a row that is kept until more of it comes. */
const maxPending = 32 * 1024 * 1024;

/** A row was read; more text is needed; or the text is not plain CSV, and only a full parser can say what it holds. */
export type Scanned = 'row' | 'more' | 'unusual';

/**
 * Reads rows of CSV that is written as Daybook writes it: RFC 4180 with LF, and as many cells in each row. All else is `unusual`,
 * never read in another way than a full parser reads it. Cells are parts of the text that was added: they keep it in memory.
 */
export class CsvScanner {
  /** The cells of the last row. */
  readonly cells: string[];
  /** Newlines up to the end of the last row. */
  line = 0;
  #text = '';
  #at = 0;

  constructor(columns: number) {
    this.cells = Array.from({ length: columns }, () => '');
  }

  /** Whether all of the text was read. */
  get isAtEnd(): boolean {
    return this.#at === this.#text.length;
  }

  add(text: string): void {
    this.#text = this.isAtEnd ? text : this.#text.slice(this.#at) + text;
    this.#at = 0;
  }

  next(): Scanned {
    const text = this.#text;
    const last = this.cells.length - 1;
    let at = this.#at;
    if (at === text.length) return 'more';
    for (let column = 0; column <= last; column++) {
      const end = text.charCodeAt(at) === quote ? this.#quoted(at, column) : this.#plain(at, column, column === last);
      if (end === -1) return text.length - this.#at > maxPending ? 'unusual' : 'more';
      if (text.charCodeAt(end) !== (column === last ? newline : comma)) return end === text.length ? 'more' : 'unusual';
      at = end + 1;
    }
    for (let found = text.indexOf('\n', this.#at); found !== -1 && found < at; found = text.indexOf('\n', found + 1)) {
      this.line++;
    }
    this.#at = at;
    return 'row';
  }

  /** @returns where the cell ends; -1 if it has not ended */
  #quoted(at: number, column: number): number {
    const text = this.#text;
    let closing = text.indexOf('"', at + 1);
    let hasQuotes = false;
    while (closing !== -1 && text.charCodeAt(closing + 1) === quote) {
      hasQuotes = true;
      closing = text.indexOf('"', closing + 2);
    }
    if (closing === -1) return -1;
    const cell = text.slice(at + 1, closing);
    this.cells[column] = hasQuotes ? withSingleQuotes(cell) : cell;
    return closing + 1;
  }

  /** The same. A quote in the cell, and a row with other columns, end it early: what ends it is not what must. */
  #plain(at: number, column: number, isLast: boolean): number {
    const text = this.#text;
    const end = text.indexOf(isLast ? '\n' : ',', at);
    if (end === -1) return -1;
    const cell = text.slice(at, end);
    const stranger = cell.search(isLast ? /[",]/ : /["\n]/);
    if (stranger !== -1) return at + stranger;
    this.cells[column] = cell;
    return end;
  }
}

/** In bytes: a string that is made of as many pieces as it has quotes takes forty times as long. */
function withSingleQuotes(cell: string): string {
  const bytes = Buffer.from(cell);
  let length = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === quote) at++;
    bytes[length++] = byte;
  }
  return textOf(bytes.subarray(0, length));
}
