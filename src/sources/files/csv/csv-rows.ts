import { withoutReturns, type Line, type LineReader } from '../line-reader.ts';
import type { OpenReader } from '../record-reader.ts';
import { followQuotes, looksEscaped, type CsvMarks } from './csv-quotes.ts';

/** What is wrong with the quotes of a row, or with its length. */
export type RowProblem = 'too_large' | 'stray' | 'unclosed' | 'escaped';

/** A row of a CSV file; one whose quotes are broken is its first line only. */
export interface CsvRow {
  /** As written in the file, without the end of its last line. */
  readonly text: string;
  readonly bytes: number;
  /** Offset of the byte after it. */
  readonly end: number;
  /** Offset where its text ends, without carriage returns. */
  readonly textEnd: number;
  /** Newlines in it. */
  readonly lines: number;
  /** False for a last row that no newline ends. */
  readonly finished: boolean;
  readonly problem: RowProblem | null;
  /** The lines behind a quote that nothing closes up to the end of the file; null for any other row. */
  readonly behind: readonly Line[] | null;
}

/** Lines that are read, and dropped, at a time. */
const linesPerRead = 1_000;
const bytesPerRead = 256 * 1024;

/**
 * Puts lines together to rows. Where the quotes of a row are broken, or it grows longer than allowed before they close, the
 * next row begins at its second line: a quote that nothing closes costs one line, whatever follows.
 */
export class CsvRows implements OpenReader {
  readonly #reader: LineReader;
  readonly #marks: CsvMarks;
  readonly #maxBytes: number;
  /** The text between lines. */
  readonly #newline: string;
  /** Lines read ahead. */
  readonly #lines: Line[] = [];
  /** How many of them have been given out. */
  #taken = 0;
  #offset: number;
  #ended = false;

  constructor(reader: LineReader, marks: CsvMarks, maxBytes: number, newline: string) {
    this.#reader = reader;
    this.#marks = marks;
    this.#maxBytes = maxBytes;
    this.#newline = newline;
    this.#offset = reader.offset;
  }

  get offset(): number {
    return this.#offset;
  }

  /** The next row; null at the end. */
  async next(): Promise<CsvRow | null> {
    const line = await this.#line(0);
    if (!line) return null;
    // Where a carriage return ends lines, a newline behind one belongs to that end.
    const first = this.#newline === '\r' ? { ...line, text: line.text.replace(/^\n+/, '') } : line;
    const isComment = this.#marks.comment !== undefined && first.text.startsWith(this.#marks.comment);
    const row = isComment
      ? this.#blank(first)
      : first.tooLong
        ? this.#broken(first, 'too_large')
        : await this.#rowFrom(first);
    this.#taken += row.lines + (row.finished ? 0 : 1);
    this.#offset = row.end;
    return row;
  }

  async skipTo(offset: number): Promise<void> {
    while (this.#offset < offset) {
      const line = this.#lines[this.#taken] ?? null;
      if (line === null) {
        await this.#reader.skipTo(offset);
        this.#offset = offset;
      } else {
        this.#taken++;
        this.#offset = line.end;
      }
    }
  }

  close(): Promise<void> {
    return this.#reader.close();
  }

  async #rowFrom(first: Line): Promise<CsvRow> {
    let state = followQuotes(first.text, false, this.#marks);
    const lines = [first];
    let bytes = first.bytes;
    while (state === 'quoted') {
      const line = await this.#line(lines.length);
      if (!line) return { ...this.#broken(first, 'unclosed'), behind: lines.slice(1) };
      bytes += line.bytes + 1;
      if (line.tooLong || bytes > this.#maxBytes) return this.#broken(first, 'too_large');
      lines.push(line);
      state = followQuotes(line.text, true, this.#marks);
    }
    // A quote on a later line may show that the one on the first should have been closed there.
    if (state === 'stray') return this.#broken(first, lines.length === 1 ? 'stray' : 'unclosed');
    const last = lines.at(-1) ?? first;
    const { end, finished } = last;
    const text = withoutReturns(lines.length === 1 ? first.text : lines.map((line) => line.text).join(this.#newline));
    if (lines.length === 1 && looksEscaped(text, this.#marks)) return this.#broken(first, 'escaped');
    const textEnd = this.#reader.textEndOf(last);
    const count = lines.length - (finished ? 0 : 1);
    return { text, bytes, end, textEnd, lines: count, finished, problem: null, behind: null };
  }

  /** A line ahead of those already returned; null after the last one. */
  async #line(ahead: number): Promise<Line | null> {
    while (this.#taken + ahead >= this.#lines.length && !this.#ended) {
      if (this.#taken >= linesPerRead) {
        this.#lines.splice(0, this.#taken);
        this.#taken = 0;
      }
      const lines = await this.#reader.read(linesPerRead, bytesPerRead);
      this.#ended = lines.length === 0;
      for (const line of lines) this.#lines.push(line);
    }
    return this.#lines[this.#taken + ahead] ?? null;
  }

  #broken(line: Line, problem: RowProblem): CsvRow {
    const { bytes, end, finished } = line;
    const textEnd = this.#reader.textEndOf(line);
    const text = withoutReturns(line.text);
    return { text, bytes, end, textEnd, lines: finished ? 1 : 0, finished, problem, behind: null };
  }

  #blank(line: Line): CsvRow {
    return { ...this.#broken(line, 'stray'), text: '', problem: null };
  }
}
