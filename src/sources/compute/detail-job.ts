import type { CheerioAPI } from 'cheerio';
import type { Expression } from '../../formats/jmespath/jmespath.ts';
import { textForDeadLetter } from '../extraction/extract-record.ts';
import type { HttpResponse } from '../http/http-client.ts';
import { DateOrders } from '../feeds/date-order.ts';
import { itemMark } from '../extraction/record-marks.ts';
import { baseAddress } from '../html/base-address.ts';
import type { CompiledSource } from './compiled-source.ts';
import type { DetailJob, DetailResult } from './job.ts';
import type { Trace } from './trace.ts';
import { recordOfText, toWire, type WireItem } from './wire-item.ts';

/** The items with marks, and with the addresses of their own pages. */
export function withLinks(
  items: readonly WireItem[],
  page: CheerioAPI,
  url: string,
  find: Expression,
  trace: Trace,
): WireItem[] {
  trace.step('detail.url');
  const base = baseAddress(page, url);
  const linked = items.map((item, position): WireItem => {
    if (!('text' in item)) return item;
    trace.record(position);
    const link = addressOf(find(recordOfText(item).raw.value), base);
    return link === null ? item : { ...item, mark: itemMark(item.text), link };
  });
  trace.record(null);
  return linked;
}

function addressOf(link: unknown, base: string): string | null {
  const url = typeof link === 'string' && URL.canParse(link, base) ? new URL(link, base) : null;
  if (!url || !/^https?:$/.test(url.protocol)) return null;
  url.hash = '';
  return url.href;
}

/** The item with the fields of its own page. */
export async function mergeDetail(
  job: DetailJob,
  source: CompiledSource,
  response: HttpResponse,
  trace: Trace,
): Promise<DetailResult> {
  const detail = await source.detail();
  if (!detail) throw new TypeError(`source ${source.name} has no detail pages`);
  const [{ openPage }, { readFields }, { itemOf }, { readWithDates }, { FieldsFound }] = await Promise.all([
    import('../html/open-page.ts'),
    import('../html/read-fields.ts'),
    import('../html/read-items.ts'),
    import('../html/read-dates.ts'),
    import('../html/fields-found.ts'),
  ]);
  const rejection = new Map(job.refused).get(0);
  if (rejection) {
    return { item: { index: job.index, rejection, recordText: textForDeadLetter(job.text) }, fields: {}, warnings: [] };
  }
  // Here the page is the record.
  trace.record(0);
  const { page, warnings } = openPage(source.name, response, source.plan.encoding);
  const orders = new DateOrders(source.plan.occurredAt.dateOrder, job.dateOrder);
  const read = readWithDates(page, orders, () =>
    readFields(detail.fields, { element: page.document }, page, (field) => trace.step('detail.fields', field)),
  );
  trace.step('record');
  const { value } = recordOfText(job).raw;
  const own = typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
  // A field may be named `__proto__`.
  const record = Object.fromEntries([...own, ...Object.entries(read.record)]);
  const item = toWire(itemOf({ record, missing: read.missing }, job.index));
  trace.record(null);
  const isAmbiguous = 'text' in item && orders.warnings().length > 0;
  const found = new FieldsFound();
  found.add(detail.fields, read.record);
  const fields = found.tally(detail.fields, 'detail.fields.');
  return { item: isAmbiguous ? { ...item, warning: 'ambiguous_date' } : item, fields, warnings };
}
