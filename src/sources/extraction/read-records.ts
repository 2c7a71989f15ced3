import { hiddenValue } from '../../domain/plan/shaping-plan.ts';
import { messageOf } from '../../domain/errors.ts';
import { isTextDeeperThan, parseJson } from '../../formats/exact-json.ts';
import { maxDepth } from './extract-record.ts';
import { recordOf } from '../files/csv/csv-columns.ts';
import { fieldsOf } from '../files/csv/csv-fields.ts';
import { fieldCountProblem } from '../files/csv/csv-problems.ts';
import type { KnownItem, LineItem, PageItem, RecordItem, RefusedItem, RowItem } from './page.ts';

/** An item whose text has been read. */
export type ReadItem = RecordItem | RefusedItem;

/**
 * Makes the function that reads the item at a position. Rows of CSV are taken apart together, which is much faster.
 * @param quotes whether messages may show what the source sent
 */
export function itemReader(
  items: readonly (PageItem | KnownItem)[],
  quotes = true,
): (position: number) => ReadItem | KnownItem | null {
  const rows = items.filter((item) => 'row' in item);
  const [table] = rows.map((row) => row.table);
  const fields = table ? fieldsOf(texts(rows), table.marks) : [];
  const fieldsByRow = new Map(rows.map((row, position) => [row, fields[position] ?? []]));
  return (position) => {
    const item = items[position];
    if (item === undefined) return null;
    if ('line' in item) return readLine(item, quotes);
    return 'row' in item ? readRow(item, fieldsByRow.get(item) ?? []) : item;
  };
}

function texts(rows: readonly RowItem[]): string[] {
  return rows.map(({ row }) => row);
}

/** What a line of JSON holds. */
export function readLine({ index, line, path }: LineItem, quotes = true): ReadItem {
  try {
    const { value, exact } = parseJson(line);
    return { index, raw: { value, exact, text: line, mayBeDeep: isTextDeeperThan(line, maxDepth) } };
  } catch (error) {
    const message = `${path} line ${index} is not JSON: ${quotes ? messageOf(error) : hiddenValue}`;
    return { index, rejection: { reason: 'invalid_json', message }, recordText: JSON.stringify(line) };
  }
}

function readRow({ index, row, table }: RowItem, fields: readonly string[]): ReadItem {
  const rejection = fieldCountProblem(table.path, index, fields.length, table.columns);
  if (rejection) return { index, rejection, recordText: JSON.stringify(row) };
  return { index, raw: { value: recordOf(fields, table.columns), exact: false, mayBeDeep: false } };
}
