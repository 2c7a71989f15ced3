import type { Rejection } from '../../../domain/dead-letters/rejection.ts';
import type { CsvRow } from './csv-rows.ts';

/** Why a row with broken quotes, or one that is too long, is refused. */
export function rowProblem(path: string, line: number, { problem, bytes }: CsvRow, maxBytes: number): Rejection {
  const where = `${path} line ${line}`;
  if (problem === 'too_large' && bytes > maxBytes) {
    const message = `${where} is ${bytes} bytes long, max_record is ${maxBytes}; only its beginning was kept`;
    return { reason: 'too_large', message };
  }
  if (problem === 'too_large') {
    const message = `${where} opens a quote that is not closed within ${maxBytes} bytes, which max_record allows; the next row is read from the line after it`;
    return { reason: 'too_large', message };
  }
  if (problem === 'unclosed') {
    const message = `${where} opens a quote that is not closed; the next row is read from the line after it`;
    return { reason: 'wrong_shape', message };
  }
  if (problem === 'escaped') {
    const message = `${where} has a backslash before a quote, and reads differently if quotes are doubled instead; if the backslash escapes the quote, set csv.escape to it`;
    return { reason: 'wrong_shape', message };
  }
  const message = `${where} has a quote where none is allowed; inside a quoted field it must be doubled. If a backslash escapes it, set csv.escape to the backslash; if quotes are ordinary text, set csv.quote to a character that does not occur`;
  return { reason: 'wrong_shape', message };
}

/** Why a row is refused that has another number of fields than there are columns; null if it has not. */
export function fieldCountProblem(
  path: string,
  line: number,
  found: number,
  columns: readonly string[] | null,
): Rejection | null {
  if (columns === null || found === columns.length) return null;
  const fields = found === 1 ? '1 field' : `${found} fields`;
  const message = `${path} line ${line} has ${fields}, expected ${columns.length}, one for each column`;
  return { reason: 'wrong_shape', message };
}
