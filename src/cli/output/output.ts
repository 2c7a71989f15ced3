import { writeJson } from '../../formats/exact-json.ts';
import { visibleJson, visibleLines, visibleText } from '../../domain/text/visible-text.ts';
import { terminalOf } from './terminal/terminal.ts';
import { fit, pad, textWidth } from './terminal/text-width.ts';
import { suggestion } from './suggestion.ts';

/**
 * A message for people; to stderr, so that stdout stays what was asked for. What it quotes may come from anywhere: it moves no
 * cursor, and where it has several lines none of them looks like a message of its own.
 */
export function printInfo(message: string): void {
  process.stderr.write(`${suggestion(visibleLines(message)).replaceAll(/\n(?=\S)/g, '\n  ')}\n`);
}

/** A line of what was asked for. What it quotes may come from anywhere, and stays on this line. */
export function print(line: string): void {
  process.stdout.write(`${visibleText(line)}\n`);
}

/** Several lines that are laid out already, each of which was made by `visibleText` where it quotes something. */
export function printLines(text: string): void {
  process.stdout.write(`${visibleLines(text)}\n`);
}

/** A line for a program to read, exactly as it is. */
export function printExactly(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** One JSON value on one line. Numbers keep their digits. */
export function printJson(value: unknown): void {
  printJsonText(writeJson(value, true));
}

/** A JSON text on one line. Its value stays exactly the same; what a terminal would obey is written as JSON's escapes. */
export function printJsonText(json: string): void {
  printExactly(visibleJson(json));
}

/** Lines that are laid out and painted already, each of which was made by `visibleText` where it quotes something. */
export function printPainted(lines: readonly string[]): void {
  process.stdout.write(lines.map((line) => `${line}\n`).join(''));
}

/**
 * A table with aligned columns, numbers to the right. On a terminal it fits: its widest columns are cut. Each row is one line,
 * whatever its cells hold.
 */
export function formatTable(
  names: readonly string[],
  values: readonly (readonly string[])[],
  limit: number = terminalOf(process.stdout).columns,
): string {
  const head = names.map(visibleText);
  const rows = values.map((row) => row.map(visibleText));
  const widths = narrowed(
    head.map((name, column) =>
      rows.reduce((most, row) => Math.max(most, textWidth(row[column] ?? '')), textWidth(name)),
    ),
    limit,
  );
  const right = head.map((_, column) => rows.length > 0 && rows.every((row) => /^-?[\d,.]*$/.test(row[column] ?? '')));
  const line = (cells: readonly string[]) => {
    const cell = (text: string, column: number) => {
      const width = widths[column] ?? 0;
      return pad(fit(text, width), width, right[column] === true ? 'right' : 'left');
    };
    return fit(cells.map(cell).join(gap).trimEnd(), limit);
  };
  return [line(head), line(widths.map((size) => '-'.repeat(size))), ...rows.map(line)].join('\n');
}

/** The separator of two columns. */
const gap = '  ';
/** Narrower than this no column tells anything. */
const minColumn = 4;

/** Widths that fit side by side: the widest give first. */
function narrowed(widths: readonly number[], limit: number): number[] {
  const fitting = [...widths];
  let excess = fitting.reduce((sum, width) => sum + width, 0) + gap.length * (widths.length - 1) - limit;
  while (excess > 0) {
    const widest = fitting.reduce((most, width) => Math.max(most, width), 0);
    if (widest <= minColumn) break;
    fitting[fitting.lastIndexOf(widest)] = widest - 1;
    excess--;
  }
  return fitting;
}

/** One line of text, at most `length` columns. */
export function shorten(text: string, length: number): string {
  return fit(text.replaceAll(/\s+/g, ' '), length);
}
