import type { CsvTable, KnownItem, PageItem, RecordItem } from '../extraction/page.ts';
import { RawText } from '../extraction/raw-text.ts';
import { fromWire, toWire, type WireItem } from './wire-item.ts';

/**
 * Items on their way between threads: those that make up most of a page as columns, for thousands of objects take ten times as
 * long to be sent as their texts alone (measured).
 */
export interface PackedItems {
  readonly kind: 'text' | 'line' | 'row' | null;
  /** Text of each item of that kind; empty for others. */
  readonly texts: readonly string[];
  readonly indexes: readonly number[];
  /** The items of other kinds, by position. */
  readonly others: readonly (readonly [position: number, item: WireItem])[];
  /** Of lines. */
  readonly path: string | null;
  /** Of rows. */
  readonly table: CsvTable | null;
}

export function packItems(items: readonly (PageItem | KnownItem)[]): PackedItems {
  const [first] = items;
  const kind = first === undefined ? null : kindOf(first);
  const path = first && 'line' in first ? first.path : null;
  const table = first && 'row' in first ? first.table : null;
  const others: [number, WireItem][] = [];
  const texts = items.map((item, position) => {
    if ('line' in item && item.path === path) return item.line;
    if ('row' in item && item.table === table) return item.row;
    if (kind === 'text' && 'raw' in item && isPlainText(item)) return item.raw.text ?? '';
    others.push([position, toWire(item)]);
    return '';
  });
  return { kind, texts, indexes: items.map(({ index }) => index), others, path, table };
}

function isPlainText({ raw, mark, warning }: RecordItem): boolean {
  return mark === undefined && warning === undefined && raw.text !== undefined;
}

function kindOf(item: PageItem | KnownItem): PackedItems['kind'] {
  if ('line' in item) return 'line';
  if ('row' in item) return 'row';
  return 'raw' in item ? 'text' : null;
}

export function unpackItems({ kind, texts, indexes, others, path, table }: PackedItems): (PageItem | KnownItem)[] {
  const apart = new Map(others);
  return texts.map((text, position) => {
    const other = apart.get(position);
    if (other) return fromWire(other);
    const index = indexes[position] ?? position;
    if (kind === 'line') return { index, line: text, path: path ?? '' };
    if (kind === 'row' && table) return { index, row: text, table };
    return { index, raw: new RawText(text) };
  });
}
