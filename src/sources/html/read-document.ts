import type { DateOrder } from '../../domain/plan/plan-parts.ts';
import type { ReadOptions, ReadPage } from '../extraction/document-format.ts';
import { DateOrders } from '../feeds/date-order.ts';
import { FieldsFound } from './fields-found.ts';
import type { HtmlPage } from './html-page.ts';
import { readWithDates } from './read-dates.ts';
import { readItems, type ItemReading } from './read-items.ts';

/**
 * The items of a document, its dates read in one order, and which fields they have.
 * @param dateOrder as configured; absent = the document shows it
 */
export function readDocument(
  reading: Omit<ItemReading, 'onRecord' | 'selection'>,
  page: HtmlPage,
  dateOrder: DateOrder | undefined,
  { selection, remembered }: Pick<ReadOptions, 'selection' | 'remembered'>,
): Pick<ReadPage, 'items' | 'fields' | 'patch'> & { readonly warnings: NonNullable<ReadPage['warnings']> } {
  const orders = new DateOrders(dateOrder, remembered?.dateOrder);
  const found = new FieldsFound();
  const onRecord = (record: Readonly<Record<string, unknown>>) => found.add(reading.fields, record);
  const asked = { ...reading, onRecord, ...(selection ? { selection } : {}) };
  const items = readWithDates(page, orders, () => readItems(asked, page));
  const patch = orders.shown === null ? {} : { patch: { dateOrder: orders.shown } };
  return { items, warnings: orders.warnings(), fields: found.tally(reading.fields), ...patch };
}
