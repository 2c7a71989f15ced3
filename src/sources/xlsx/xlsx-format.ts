import { UnreadableBody } from '../../domain/errors.ts';
import type { HttpFormatPlan } from '../../domain/plan/source-plan.ts';
import type { Warning } from '../../domain/run/warning.ts';
import { ExactNumber } from '../../formats/exact-json.ts';
import { isZip } from '../archive/is-zip.ts';
import { zipMembers } from '../archive/zip-archive.ts';
import { noTrace, type Trace } from '../compute/trace.ts';
import type { DocumentFormat } from '../extraction/document-format.ts';
import { assertRecordCount } from '../extraction/json-limits.ts';
import { compressionOf } from '../files/compression.ts';
import { columnNames } from '../files/csv/csv-columns.ts';
import { xlsxAccept } from '../http/accept-headers.ts';
import type { CellValue } from './cell-value.ts';
import { readSheet, type SheetRow } from './read-sheet.ts';
import { openWorkbook } from './workbook.ts';
import { shownStart } from '../extraction/shown-start.ts';

/** Cells that a warning names. */
const maxNamed = 3;

/** Workbooks of Excel: the rows of a sheet below its header. */
export function xlsxFormat(plan: HttpFormatPlan, trace: Trace = noTrace): DocumentFormat {
  return {
    accept: xlsxAccept,
    async read({ body, headers }) {
      assertWorkbook(plan, body, headers['content-type']);
      trace.step('items');
      const members = await zipMembers(plan.name, body);
      const workbook = await openWorkbook(plan.name, members, plan.sheet, plan.maxBodyBytes);
      const { rows, errors, uncalculated } = await readSheet(plan.name, workbook, plan.maxBodyBytes);
      const [header, ...records] = rows;
      assertRecordCount(`fetch: ${plan.name}`, records);
      const names = columnNames((header?.values ?? []).map(headerText));
      const items = records.map((row) => ({
        index: row.number,
        raw: { value: recordOf(row, names), exact: true, mayBeDeep: false },
      }));
      return { items, warnings: [...cellWarning('hold an error', errors), ...cellWarning(neverRun, uncalculated)] };
    },
  };
}

const neverRun = 'hold a formula that was never calculated';

function assertWorkbook(plan: HttpFormatPlan, body: Buffer, contentType: string | undefined): void {
  if (isZip(body)) return;
  const found = compressionOf(body.subarray(0, 16));
  const start = shownStart(plan, body.toString('latin1', 0, 200));
  throw new UnreadableBody(
    `fetch: ${plan.name} answered with ${contentType ?? 'no content type'}${found === null ? start : ` that is ${found}`}, expected a workbook of Excel (.xlsx)`,
  );
}

function headerText(value: CellValue): string {
  if (value === null) return '';
  return value instanceof ExactNumber ? value.text : String(value).trim();
}

/** A column of the header is in each record; one behind them, by its number, only where it has a value. */
function recordOf({ values }: SheetRow, names: readonly string[]): Record<string, unknown> {
  const named = names.map((name, position): [string, unknown] => [name, values[position] ?? null]);
  const further = values.slice(names.length).flatMap((value, index): [string, unknown][] => {
    return value === null ? [] : [[String(names.length + index + 1), value]];
  });
  // A column may be named `__proto__`.
  return Object.fromEntries([...further, ...named]);
}

/** Cells whose value is `null` for another reason than that they are empty. */
function cellWarning(what: string, cells: readonly string[]): Warning[] {
  if (cells.length === 0) return [];
  const named = cells.slice(0, maxNamed).join(', ');
  const message = `cells ${what}, and are null: ${named}${cells.length > maxNamed ? ', …' : ''}`;
  return [{ code: 'cell_without_value', message, count: cells.length }];
}
