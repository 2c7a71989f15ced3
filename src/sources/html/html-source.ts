import { htmlAccept } from '../http/accept-headers.ts';
import { hidesValues } from '../../domain/plan/shaping-plan.ts';
import type { HtmlPlan } from '../../domain/plan/source-plan.ts';
import { noTrace, type Trace } from '../compute/trace.ts';
import type { DocumentFormat } from '../extraction/document-format.ts';
import { DateOrders } from '../feeds/date-order.ts';
import { FieldsFound } from './fields-found.ts';
import { compileFields } from './field.ts';
import { createItemFinder } from './find-items.ts';
import { openPage } from './open-page.ts';
import { readWithDates } from './read-dates.ts';
import { readItems } from './read-items.ts';

/**
 * Web pages, without the pages of their items. A page on which `items` matches nothing has no records: whether it is the end
 * of the list, a login or a challenge is for `on_response` to say (`body_contains`), and for `allow_empty` and `expect` to
 * notice.
 */
export function htmlFormat(plan: HtmlPlan, trace: Trace = noTrace): DocumentFormat {
  const find = createItemFinder(plan.name, plan.items, !hidesValues(plan));
  const reading = { find, fields: compileFields(plan.fields), trace };
  return {
    accept: htmlAccept,
    read(response, _fetchedAt, { selection, remembered }) {
      const { page, warnings } = openPage(plan.name, response, plan.encoding);
      const orders = new DateOrders(plan.occurredAt.dateOrder, remembered?.dateOrder);
      const found = new FieldsFound();
      const onRecord = (record: Readonly<Record<string, unknown>>) => found.add(reading.fields, record);
      const asked = { ...reading, onRecord, ...(selection ? { selection } : {}) };
      const items = readWithDates(page, orders, () => readItems(asked, page));
      const patch = orders.shown === null ? {} : { patch: { dateOrder: orders.shown } };
      const all = [...warnings, ...orders.warnings()];
      return { items, html: page.$, warnings: all, fields: found.tally(reading.fields), ...patch };
    },
  };
}
