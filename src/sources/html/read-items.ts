import { noTrace, type Trace } from '../compute/trace.ts';
import { rawText, type RawRecord } from '../extraction/extract-record.ts';
import type { RecordItem, RefusedItem } from '../extraction/page.ts';
import { everything, type Selection } from '../extraction/checked-page.ts';
import { refusalOf } from '../extraction/classify-page.ts';
import type { Field } from './field.ts';
import type { BrokenJson, ItemFinder } from './find-items.ts';
import type { HtmlPage } from './html-page.ts';
import { readFields, type FieldsRead, type Scope } from './read-fields.ts';

export interface ItemReading {
  readonly find: ItemFinder;
  /** None = an item is the object of JSON that was found. */
  readonly fields: readonly Field[];
  readonly selection?: Selection;
  readonly trace?: Trace;
  /** Receives each record that is read by fields. */
  readonly onRecord?: (record: Readonly<Record<string, unknown>>) => void;
}

/** Reads the items of a page. Items outside of a selection are empty. */
export function readItems(reading: ItemReading, page: HtmlPage): (RecordItem | RefusedItem)[] {
  const { selection = everything, trace = noTrace } = reading;
  trace.step('items');
  const scopes = reading.find(page);
  const items = scopes.map((scope, index) => {
    trace.record(index);
    if ('problem' in scope) return refused(scope, index);
    const rejection = refusalOf(selection, index, () => scopeText(scope, page));
    if (rejection) return { index, rejection, recordText: scopeText(scope, page) };
    if (selection.only !== null && selection.only !== index) return { index, raw: emptyRecord };
    return readItem(reading, scope, page, index);
  });
  trace.record(null);
  return items;
}

/** Characters of a broken text that are kept. */
const maxKept = 64 * 1024;

function refused({ problem, text }: BrokenJson, index: number): RefusedItem {
  const recordText = JSON.stringify(text.trim().slice(0, maxKept));
  return { index, rejection: { reason: 'invalid_json', message: problem }, recordText };
}

const emptyRecord: RawRecord = { value: {}, exact: false, mayBeDeep: false };

function readItem(reading: ItemReading, scope: Scope, page: HtmlPage, index: number): RecordItem | RefusedItem {
  const { fields, trace = noTrace, onRecord } = reading;
  if (fields.length === 0 && 'value' in scope) {
    return { index, raw: { value: scope.value, exact: true, mayBeDeep: true } };
  }
  const read = readFields(fields, scope, page, (field) => trace.step('fields', field));
  onRecord?.(read.record);
  return itemOf(read, index);
}

/** What was read of an item, as a page's item: a rejection where a required field has no value. */
export function itemOf({ record, missing }: FieldsRead, index: number): RecordItem | RefusedItem {
  const raw: RawRecord = { value: record, exact: true, mayBeDeep: true };
  if (missing.length === 0) return { index, raw };
  const labels = [...new Set(missing)].slice(0, 10).join(', ');
  const message = `no value for required ${labels}`;
  return { index, rejection: { reason: 'wrong_shape', message }, recordText: rawText(raw) };
}

function scopeText(scope: Scope, page: HtmlPage): string {
  return 'value' in scope
    ? rawText({ value: scope.value, exact: true, mayBeDeep: true })
    : JSON.stringify(page.$.html(scope.element));
}
