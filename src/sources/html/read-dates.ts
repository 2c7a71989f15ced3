import type { DateOrders } from '../feeds/date-order.ts';
import type { HtmlPage } from './html-page.ts';

/**
 * Reads a page; once more where its dates show that those of numbers are written in another order than they were read in.
 * @param read called once or twice
 */
export function readWithDates<T>(page: HtmlPage, orders: DateOrders, read: () => T): T {
  page.dateOrder = orders.order;
  page.onDate = (text) => orders.notice(text);
  const result = read();
  page.onDate = () => {};
  if (!orders.isAsked || orders.order === page.dateOrder) return result;
  page.dateOrder = orders.order;
  return read();
}
