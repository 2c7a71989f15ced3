import { ExactNumber } from '../../formats/exact-json.ts';
import type { NumberStyle, Workbook } from './workbook.ts';
import { unescaped } from './workbook.ts';

/** A cell as its sheet has it. */
export interface Cell {
  /** `s` shared text, `str` text of a formula, `inlineStr`, `b`, `e` error, `d` date; empty = a number. */
  readonly type: string;
  readonly style: number;
  /** What is stored; null = nothing. */
  readonly stored: string | null;
}

/** What a record has of a cell. */
export type CellValue = string | number | boolean | ExactNumber | null;

/** Stands for an error such as `#REF!`: there is no value. */
export class CellError {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** The value of a cell for a record: a formula has what it gave when the workbook was saved. */
export function cellValue(
  { type, style, stored }: Cell,
  { texts, styles, from1904 }: Pick<Workbook, 'texts' | 'styles' | 'from1904'>,
): CellValue | CellError {
  if (stored === null) return null;
  switch (type) {
    case 's':
      return texts[Number(stored)] ?? null;
    case 'str':
    case 'inlineStr':
      return unescaped(stored);
    case 'b':
      return stored.trim() === '1' || stored.trim() === 'true';
    case 'e':
      return new CellError(stored);
    case 'd':
      return stored;
    default:
      return numberOf(stored.trim(), styles[style] ?? 'number', from1904);
  }
}

function numberOf(text: string, style: NumberStyle, from1904: boolean): string | number | ExactNumber | null {
  if (text === '') return null;
  const value = Number(text);
  if (!Number.isFinite(value) || !/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text)) return text;
  const time = style === 'number' ? null : timeOfSerial(value, style, from1904);
  if (time !== null) return time;
  const digits = text.replace(/e.*$/i, '').replaceAll(/[^\d]/g, '').replace(/^0+/, '');
  // A double has 17 digits at most; more of them were written by a program that has others.
  const isExact = digits.length > 17 || (/^[+-]?\d+$/.test(text) && !Number.isSafeInteger(value));
  return isExact && /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:e[+-]?\d+)?$/i.test(text) ? new ExactNumber(text) : value;
}

const dayMs = 86_400_000;
/** Excel counts to the end of the year 9999. */
const maxSerial = 2_958_466;

/**
 * ISO 8601 of a time that is a number of days; null if it is none. A day alone has no time, and a time of day alone no day.
 * Excel has a 29 February 1900, which never was: days before it are one further.
 */
function timeOfSerial(serial: number, style: NumberStyle, from1904: boolean): string | null {
  if (serial < 0 || serial >= maxSerial) return null;
  const totalMs = Math.round(serial * dayMs);
  const days = Math.floor(totalMs / dayMs);
  const clock = clockOf(totalMs - days * dayMs);
  if (style === 'time' && days === 0) return clock;
  if (!from1904 && days === 60) return clock === '00:00:00' ? '1900-02-29' : `1900-02-29T${clock}`;
  const epoch = from1904 ? Date.UTC(1904, 0, 1) : Date.UTC(1899, 11, days < 60 ? 31 : 30);
  const day = new Date(epoch + days * dayMs).toISOString().slice(0, 10);
  return clock === '00:00:00' && style === 'date' ? day : `${day}T${clock}`;
}

function clockOf(ms: number): string {
  const text = new Date(ms).toISOString().slice(11, 23);
  return text.endsWith('.000') ? text.slice(0, 8) : text;
}
