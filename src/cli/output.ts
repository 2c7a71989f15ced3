import { writeJson } from '../domain/json.ts';

/** A line for people; to stderr, so that stdout stays what was asked for. */
export function say(message: string): void {
  process.stderr.write(`${message}\n`);
}

/** A line of what was asked for. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** One JSON value on one line. Numbers keep their digits. */
export function printJson(value: unknown): void {
  print(writeJson(value, true));
}

/** A table with aligned columns, cut to the terminal's width; numbers to the right. */
export function formatTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((name, column) => Math.max(width(name), ...rows.map((row) => width(row[column] ?? ''))));
  const right = head.map((_, column) => rows.length > 0 && rows.every((row) => /^-?[\d,.]*$/.test(row[column] ?? '')));
  const limit = process.stdout.isTTY ? process.stdout.columns : Number.POSITIVE_INFINITY;
  const line = (cells: readonly string[]) => {
    const padded = cells.map((cell, column) => pad(cell, widths[column] ?? 0, right[column] ?? false));
    return [...padded.join('  ').trimEnd()].slice(0, limit).join('');
  };
  return [line(head), line(widths.map((size) => '-'.repeat(size))), ...rows.map(line)].join('\n');
}

/** One line of text, at most `length` characters. */
export function shorten(text: string, length: number): string {
  const characters = [...text.replaceAll(/\s+/g, ' ')];
  return characters.length > length ? `${characters.slice(0, length - 1).join('')}…` : characters.join('');
}

function pad(cell: string, size: number, right: boolean): string {
  const space = ' '.repeat(Math.max(0, size - width(cell)));
  return right ? space + cell : cell + space;
}

function width(text: string): number {
  return [...text].length;
}
