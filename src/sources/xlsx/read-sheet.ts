import { OverLimit } from '../../domain/errors.ts';
import { CellError, cellValue, type Cell, type CellValue } from './cell-value.ts';
import { readXml, type Workbook } from './workbook.ts';

/** Excel has no more columns. */
const maxColumns = 16_384;
/** Values of a sheet that are held: some 250 MB. */
const maxCells = 5_000_000;

/** A row of a sheet. */
export interface SheetRow {
  /** As Excel shows it, from 1. */
  readonly number: number;
  readonly values: readonly CellValue[];
}

export interface SheetRows {
  readonly rows: readonly SheetRow[];
  /** Where cells hold an error, such as `C7: #REF!`. */
  readonly errors: readonly string[];
  /** Formulas that were never calculated. */
  readonly uncalculated: readonly string[];
}

/** Reads the rows of a sheet that have a value. */
export async function readSheet(subject: string, workbook: Workbook, maxBytes: number): Promise<SheetRows> {
  const rows: SheetRow[] = [];
  const errors: string[] = [];
  const uncalculated: string[] = [];
  let rowNumber = 0;
  let column = 0;
  let cells = 0;
  let values: CellValue[] = [];
  let cell: OpenCell | null = null;
  await readXml(subject, workbook.sheet.read(maxBytes), {
    onOpen(name, attributes) {
      if (name === 'row') {
        rowNumber = Number(attributes['r'] ?? rowNumber + 1);
        [column, values] = [0, []];
      } else if (name === 'c') {
        const position = columnOf(attributes['r'] ?? '') ?? column;
        if (position >= maxColumns) throw new OverLimit(`fetch: ${subject}: a row has over ${maxColumns} columns`);
        column = position + 1;
        cell = new OpenCell(position, attributes['t'] ?? '', Number(attributes['s'] ?? 0));
      } else cell?.open(name);
    },
    onText: (text) => cell?.text(text),
    onClose(name) {
      cell?.close(name);
      if (name === 'c' && cell) {
        const found = cellValue(cell, workbook);
        if (cell.isUncalculated) uncalculated.push(`${letters(cell.position)}${rowNumber}`);
        if (found instanceof CellError) errors.push(`${letters(cell.position)}${rowNumber}${shownError(found.text)}`);
        const value = found instanceof CellError ? null : found;
        if (value !== null) {
          while (values.length < cell.position) values.push(null);
          values[cell.position] = value;
          if (++cells > maxCells) throw new OverLimit(`fetch: ${subject}: the sheet has over ${maxCells} values`);
        }
        cell = null;
      }
      if (name === 'row' && values.some((value) => value !== '')) rows.push({ number: rowNumber, values });
    },
  });
  return { rows, errors, uncalculated };
}

/** A cell whose elements are being read: `<v>`, `<f>`, or the `<t>` of `<is>`. */
class OpenCell implements Cell {
  readonly position: number;
  readonly type: string;
  readonly style: number;
  #stored: string | null = null;
  #isValue = false;
  #phonetic = 0;
  #hasFormula = false;

  constructor(position: number, type: string, style: number) {
    this.position = position;
    this.type = type;
    this.style = style;
  }

  get stored(): string | null {
    return this.#stored;
  }

  get isUncalculated(): boolean {
    return this.#hasFormula && this.#stored === null;
  }

  open(name: string): void {
    if (name === 'f') this.#hasFormula = true;
    if (name === 'rPh') this.#phonetic++;
    this.#isValue = (name === 'v' || name === 't') && this.#phonetic === 0;
    if (this.#isValue) this.#stored ??= '';
  }

  text(text: string): void {
    if (this.#isValue) this.#stored = (this.#stored ?? '') + text;
  }

  close(name: string): void {
    if (name === 'rPh') this.#phonetic--;
    if (name === 'v' || name === 't') this.#isValue = false;
  }
}

/** The position of a column, from 0, by the name of its cell (`AB12`); null if it has none. */
function columnOf(reference: string): number | null {
  const name = /^\$?([A-Z]{1,3})\$?\d*$/i.exec(reference)?.[1]?.toUpperCase();
  if (name === undefined) return null;
  let number = 0;
  for (const letter of name) number = number * 26 + letter.charCodeAt(0) - 64;
  return number - 1;
}

/** Errors that programs write. Another text is a value of the source, which a mask may hide. */
const knownErrors =
  /^#(?:NULL!|DIV\/0!|VALUE!|REF!|NAME\?|NUM!|N\/A|GETTING_DATA|SPILL!|CALC!|FIELD!|BLOCKED!|CONNECT!|UNKNOWN!|BUSY!)$/;

function shownError(text: string): string {
  return knownErrors.test(text) ? `: ${text}` : '';
}

function letters(position: number): string {
  let name = '';
  for (let left = position + 1; left > 0; left = Math.floor((left - 1) / 26)) {
    name = String.fromCharCode(65 + ((left - 1) % 26)) + name;
  }
  return name;
}
