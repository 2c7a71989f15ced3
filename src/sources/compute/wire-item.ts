import { jsonText, type RecordWarning } from '../extraction/extract-record.ts';
import type { KnownItem, LineItem, PageItem, RecordItem, RefusedItem, RowItem } from '../extraction/page.ts';
import { RawText } from '../extraction/raw-text.ts';

/** An item of a page on its way between threads: a record is its JSON text, so that numbers keep their digits. */
export type WireItem = TextItem | LineItem | RowItem | RefusedItem | KnownItem;

export interface TextItem {
  readonly index: number;
  readonly text: string;
  /** See `RecordItem`. */
  readonly mark?: string;
  readonly warning?: RecordWarning;
  /** Address of the item's own page, where there is one that can be asked for. */
  readonly link?: string;
}

export function toWire(item: PageItem | KnownItem): WireItem {
  if (!('raw' in item)) return item;
  const { index, raw } = item;
  return { index, text: jsonText(raw), ...extras(item) };
}

export function fromWire(item: WireItem): PageItem | KnownItem {
  return 'text' in item ? recordOfText(item) : item;
}

export function recordOfText({ index, text, ...item }: TextItem): RecordItem {
  return { index, raw: new RawText(text), ...extras(item) };
}

function extras({ mark, warning }: Pick<TextItem, 'mark' | 'warning'>): Pick<TextItem, 'mark' | 'warning'> {
  return { ...(mark === undefined ? {} : { mark }), ...(warning === undefined ? {} : { warning }) };
}

/** The same where no item is known: only pages that are checked have such. */
export function itemFromWire(item: WireItem): PageItem {
  return fromWire(item) as Exclude<ReturnType<typeof fromWire>, KnownItem>;
}
